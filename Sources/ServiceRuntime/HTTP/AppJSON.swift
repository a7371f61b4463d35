import Contracts
import HTTPTypes
public import Hummingbird
import NIOCore
import Outbox

/// The JSON form of requests and answers: that of the contracts, so that HTTP and events read alike.
public struct AppJSON: RequestDecoder, ResponseEncoder, Sendable {
    public init() {}

    /// The value as JSON.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        try ContractsJSON.encode(value)
    }

    /// Reads a value.
    /// - Throws: `DecodingError`.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        try ContractsJSON.decode(type, from: bytes)
    }

    public func encode(_ value: some Encodable, from request: Request, context: some RequestContext) throws -> Response
    {
        try Response.json(value)
    }

    public func decode<Value: Decodable>(
        _ type: Value.Type, from request: Request, context: some RequestContext
    ) async throws -> Value {
        try await decodeJSON(type, from: request, maxBytes: context.maxUploadSize)
    }
}

extension Response {
    /// An answer with a JSON body.
    /// - Throws: `EncodingError` when the value has no JSON form.
    public static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        Response(status: status, headers: headers, jsonBytes: try AppJSON.encode(value))
    }

    /// An answer whose JSON is at hand already, such as one that is replayed.
    public init(
        status: HTTPResponse.Status, headers: HTTPFields = [:], jsonBytes: [UInt8],
        contentType: String = "application/json; charset=utf-8"
    ) {
        var headers = headers
        headers[.contentType] = contentType
        self.init(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: jsonBytes)))
    }
}
