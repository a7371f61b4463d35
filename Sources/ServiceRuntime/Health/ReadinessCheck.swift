/// One thing that a service needs to be ready.
public struct ReadinessCheck: Sendable {
    /// Names the check in the answer, such as `postgres`.
    public let name: String
    let run: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - name: names the check in the answer.
    ///   - run: returns when all is well, throws what is not. It is given about a second.
    public init(name: String, run: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.run = run
    }
}
