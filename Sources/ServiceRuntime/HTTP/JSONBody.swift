public import Hummingbird
import NIOCore

/// Reads a JSON body.
/// - Parameters:
///   - type: what it should be.
///   - request: its body is consumed.
///   - context: the route's context.
///   - maxBytes: the largest body taken.
/// - Throws: ``Problem``: 413 when it is larger; 415 when it is said to be something else than JSON; 400
///   `malformed_json` or `body_missing`; 422 `validation_failed` with the field's path and what was expected.
public func decodeJSON<Value: Decodable>(
    _ type: Value.Type, from request: Request, context: AppRequestContext, maxBytes: Int = 64 * 1024
) async throws -> Value {
    try await decodeJSON(type, from: request, maxBytes: maxBytes)
}

/// Collects a raw body, such as one whose signature is to be verified before anything is parsed.
/// - Throws: ``Problem`` 413 when it is larger than `maxBytes`.
public func collectBody(of request: Request, maxBytes: Int = 64 * 1024) async throws -> [UInt8] {
    if let length = request.headers[.contentLength].flatMap(Int.init), length > maxBytes {
        throw Problem.contentTooLarge(limit: maxBytes)
    }
    do {
        let buffer = try await request.body.collect(upTo: maxBytes)
        return [UInt8](buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
        throw Problem.contentTooLarge(limit: maxBytes)
    }
}

func decodeJSON<Value: Decodable>(
    _ type: Value.Type, from request: Request, maxBytes: Int
) async throws -> Value {
    try requireJSON(request)
    let bytes = try await collectBody(of: request, maxBytes: maxBytes)
    guard !bytes.isEmpty else {
        throw Problem(.badRequest, code: "body_missing", title: "Body missing", detail: "send a JSON body")
    }
    return try decodeJSON(type, from: bytes)
}

/// A body without a declared type is taken for JSON; curl's default (a form) is not, because it hides a missing header.
private func requireJSON(_ request: Request) throws(Problem) {
    guard let given = request.headers[.contentType] else { return }
    let essence =
        given.split(separator: ";", maxSplits: 1).first.map {
            $0.trimmingPrefix(while: \.isWhitespace).lowercased().filter { !$0.isWhitespace }
        } ?? ""
    guard essence == "application/json" || (essence.hasPrefix("application/") && essence.hasSuffix("+json")) else {
        throw .unsupportedMediaType(given: given, expected: "application/json")
    }
}
/// Reads JSON whose bytes are at hand already, such as those of a body that was hashed first.
/// - Throws: ``Problem`` 400 `malformed_json` or 422 `validation_failed`.
public func decodeJSON<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    do {
        return try AppJSON.decode(type, from: bytes)
    } catch let error as DecodingError {
        throw Problem(decoding: error, of: bytes)
    }
}
