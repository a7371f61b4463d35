import ServiceRuntime

/// Who asks something of a saga, and why, as its history keeps it.
public struct SagaRequest: Sendable, Hashable {
    /// Such as `customer:ana`, `ops:olga`, `cli:root`.
    public let actor: String
    /// In an operator's words; nil when nothing was said.
    public let remark: String?
    /// Who asks, when it came with a token: customers reach their own orders only.
    let identity: Identity?

    /// Somebody at the command line, who has the database's password and so may do what operators may.
    /// - Parameters:
    ///   - name: the user of the operating system, or whoever it is done for.
    ///   - remark: why.
    public static func commandLine(_ name: String, remark: String? = nil) -> SagaRequest {
        SagaRequest(actor: "cli:\(name)", remark: remark, identity: nil)
    }

    /// The bearer of a token.
    static func over(http identity: Identity, remark: String? = nil) -> SagaRequest {
        SagaRequest(actor: "\(identity.role.rawValue):\(identity.subject)", remark: remark, identity: identity)
    }

    /// Whether it is taken without the limits that are set to customers.
    var isOfOperator: Bool { identity.map { $0.role == .ops } ?? true }
}
