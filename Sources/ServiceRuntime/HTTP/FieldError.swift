/// What is wrong with one field of a request.
public struct FieldError: Codable, Sendable, Hashable {
    /// The field's path in the body, such as `lines[0].quantity`, or the name of a parameter.
    public let field: String
    /// Stable, for programs: `missing`, `null`, `type`, `invalid`, `range`, `unknown`, …
    public let code: String
    /// For people: what was expected.
    public let message: String

    public init(field: String, code: String, message: String) {
        self.field = field
        self.code = code
        self.message = message
    }
}
