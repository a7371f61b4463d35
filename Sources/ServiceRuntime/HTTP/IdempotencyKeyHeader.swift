import HTTPTypes
public import Hummingbird

extension Request {
    /// The `Idempotency-Key` header: with or without the quotes of a structured header.
    /// Source: IETF draft-ietf-httpapi-idempotency-key-header.
    /// - Throws: ``Problem`` 400 `idempotency_key_missing`, or `idempotency_key_invalid` when it is longer than 255
    ///   characters or has others than printable ASCII.
    public func idempotencyKey() throws(Problem) -> String {
        guard var key = headers[.idempotencyKey] else {
            throw Problem(
                .badRequest, code: "idempotency_key_missing", title: "Idempotency-Key missing",
                detail: "send an Idempotency-Key header, such as a new UUID, and the same one when you try again")
        }
        if key.count >= 2, key.first == "\"", key.last == "\"" { key = String(key.dropFirst().dropLast()) }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(
                .badRequest, code: "idempotency_key_invalid", title: "Idempotency-Key invalid",
                detail: "an Idempotency-Key has 1 to 255 printable ASCII characters without spaces")
        }
        return key
    }
}
