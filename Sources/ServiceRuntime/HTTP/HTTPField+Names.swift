public import HTTPTypes

extension HTTPField.Name {
    /// A name that is known to be a token; a wrong one would be a mistake in this file.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header name: \(name)") }
        return name
    }

    /// `Idempotency-Key`.
    public static let idempotencyKey = known("Idempotency-Key")
    /// `Idempotent-Replayed: true` marks an answer that was given before.
    public static let idempotentReplayed = known("Idempotent-Replayed")
    /// `X-Request-Id`.
    public static let requestID = known("X-Request-Id")
    /// `Prefer`: RFC 7240.
    public static let prefer = known("Prefer")
    /// `Preference-Applied`: RFC 7240.
    public static let preferenceApplied = known("Preference-Applied")
    static let traceresponse = known("traceresponse")
}
