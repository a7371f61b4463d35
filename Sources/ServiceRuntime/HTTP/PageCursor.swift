import Foundation
import HTTPTypes

/// Cursors: where a page ends, opaque to clients, so that its contents may change.
public enum PageCursor {
    /// The values that the next page starts behind, as base64url text.
    /// - Throws: `EncodingError`.
    public static func encode(_ value: some Encodable) throws -> String {
        Data(try AppJSON.encode(value)).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The values of a cursor that this service gave out.
    /// - Throws: ``Problem`` 400 `invalid_cursor` for any other text.
    public static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws(Problem) -> Value {
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), let value = try? AppJSON.decode(type, from: data) else {
            throw Problem(
                .badRequest, code: "invalid_cursor", title: "Invalid cursor",
                detail: "take the cursor from the nextCursor of the page before",
                errors: [FieldError(field: "cursor", code: "invalid", message: "is not a cursor of this list")])
        }
        return value
    }
}
