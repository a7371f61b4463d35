public import Hummingbird

/// An error as clients see it: `application/problem+json` with a stable `code`.
/// Source: RFC 9457.
///
/// Throw it anywhere in a route: the layers around the route answer with it. Nothing of an inner error is ever in it.
public struct Problem: Error, Sendable {
    public var status: HTTPResponse.Status
    /// Stable, for programs, in snake case.
    public var code: String
    /// Short and the same for every problem of this code.
    public var title: String
    /// What is particular to this one.
    public var detail: String?
    /// Which fields are wrong.
    public var errors: [FieldError]
    /// Further members of the JSON object.
    public var fields: [String: any Encodable & Sendable]
    /// Headers that belong to the answer, such as `Retry-After` or `WWW-Authenticate`.
    public var headers: HTTPFields

    /// - Parameters:
    ///   - status: the answer's status.
    ///   - code: stable, in snake case; also the end of the problem's `type` URI.
    ///   - title: the same for every problem of this code.
    ///   - detail: what is particular to this one.
    ///   - errors: which fields are wrong.
    ///   - fields: further members of the JSON object.
    ///   - headers: headers of the answer.
    public init(
        _ status: HTTPResponse.Status, code: String, title: String, detail: String? = nil, errors: [FieldError] = [],
        fields: [String: any Encodable & Sendable] = [:], headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.fields = fields
        self.headers = headers
    }

    /// The URI that names the kind of problem.
    public var type: String { Self.typeBase + code }

    static let typeBase = "https://artesanos.example/problems/"
    static let contentType = "application/problem+json"
}

extension Problem: HTTPResponseError {
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        let body = ProblemBody(
            problem: self, instance: request.uri.path, requestID: (context as? AppRequestContext)?.requestID)
        return Response(
            status: status, headers: headers, jsonBytes: try AppJSON.encode(body), contentType: Self.contentType)
    }
}

extension Problem: CustomStringConvertible {
    public var description: String {
        "\(status.code) \(code)" + (detail.map { ": \($0)" } ?? "")
            + errors.map { " [\($0.field): \($0.code)]" }.joined()
    }
}

/// The JSON object of a problem; extension members cannot replace the standard ones.
private struct ProblemBody: Encodable {
    let problem: Problem
    let instance: String
    let requestID: String?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in problem.fields { try container.encode(AnyEncodable(value), forKey: Key(name)) }
        try container.encode(problem.type, forKey: Key("type"))
        try container.encode(problem.title, forKey: Key("title"))
        try container.encode(problem.status.code, forKey: Key("status"))
        try container.encode(problem.code, forKey: Key("code"))
        try container.encodeIfPresent(problem.detail, forKey: Key("detail"))
        try container.encode(instance, forKey: Key("instance"))
        try container.encodeIfPresent(requestID, forKey: Key("requestId"))
        if !problem.errors.isEmpty { try container.encode(problem.errors, forKey: Key("errors")) }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

private struct AnyEncodable: Encodable {
    private let value: any Encodable

    init(_ value: any Encodable) { self.value = value }

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
