#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A string is sent as text without a type, so that the server takes it for what the statement needs there: text, an
/// enum, an interval, json, a numeric … Where nothing tells the type (`select $1 is null`), cast: `$1::text`.
/// Postgres cannot store the character U+0000; a string that holds it throws ``PostgresError/Code/encoding``.
extension String: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .unspecified }
    public static var postgresFormat: PostgresFormat { .text }

    public func encode(into buffer: inout PostgresBuffer) throws {
        // libpq takes text up to the first zero byte: without this check the rest would be lost in silence.
        guard !utf8.contains(0) else {
            throw PostgresError(.encoding, "a string holds the character U+0000, which Postgres text cannot")
        }
        buffer.write(string: self)
    }

    public func encodeText(into buffer: inout PostgresBuffer) throws { try encode(into: &buffer) }

    /// Decodes character types, enums, `json` and `jsonb` as they are, and a `uuid` in lower case.
    public init(_ cell: PostgresCell) throws {
        if cell.type == .uuid {
            self = try UUID(cell).uuidString.lowercased()
            return
        }
        let decoded = try cell.withTextBytes { String(validating: $0, as: UTF8.self) }
        guard let decoded else { throw cell.error("is not valid UTF-8") }
        self = decoded
    }
}

extension PostgresCell {
    /// The bytes of a text-like value; `jsonb` loses the version byte that its binary form starts with.
    func withTextBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        if type.isText { return try withBytes(body) }
        guard type == .jsonb else { throw mismatch(String.self) }
        return try withBytes { bytes in
            guard bytes.first == 1 else { throw error("has a jsonb version that is not known") }
            return try body(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
        }
    }
}

/// A JSON document as a parameter, for columns of the types `json`, `jsonb` and `text`.
public struct PostgresJSON: PostgresEncodable, PostgresDecodable, Hashable {
    /// The document in UTF-8.
    public let bytes: [UInt8]

    /// A document that is already encoded. The server checks that it is JSON.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A document that is already encoded. The server checks that it is JSON.
    public init(_ string: String) { self.bytes = Array(string.utf8) }

    /// Encodes a value, by default with ISO 8601 dates and sorted keys.
    public init(encoding value: some Encodable, encoder: JSONEncoder? = nil) throws {
        self.bytes = Array(try (encoder ?? Self.defaultEncoder()).encode(value))
    }

    private static func defaultEncoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    public static var postgresType: PostgresType { .unspecified }
    public static var postgresFormat: PostgresFormat { .text }

    public func encode(into buffer: inout PostgresBuffer) throws {
        guard !bytes.contains(0) else { throw PostgresError(.encoding, "a JSON document holds a zero byte") }
        buffer.write(bytes: bytes)
    }

    public func encodeText(into buffer: inout PostgresBuffer) throws { try encode(into: &buffer) }

    public init(_ cell: PostgresCell) throws {
        self.bytes = try cell.withTextBytes { Array($0) }
    }
}
