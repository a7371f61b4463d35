#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// `Data` is bytea, as `[UInt8]` is. It also reads text, `json` and `jsonb` as UTF-8, without making a `String` first.
extension Data: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .bytea }
    public static var postgresFormat: PostgresFormat { .binary }
    public static var postgresArrayType: PostgresType { .byteaArray }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(bytes: self) }
    public func encodeText(into buffer: inout PostgresBuffer) { buffer.write(hex: self) }
    public init(_ cell: PostgresCell) throws { self = try cell.withDocumentBytes { Data($0) } }
}

/// `[UInt8]` is bytea. The conformances of `Array` all come from its element, so this one stands at the element.
extension UInt8: PostgresArrayElement {
    public static var postgresArrayType: PostgresType { .bytea }
    public static var postgresArrayFormat: PostgresFormat { .binary }

    public static func encodeArray(_ elements: [UInt8], into buffer: inout PostgresBuffer) {
        buffer.write(bytes: elements)
    }

    public static func encodeArrayText(_ elements: [UInt8], into buffer: inout PostgresBuffer) {
        buffer.write(hex: elements)
    }

    public static func decodeArray(_ cell: PostgresCell) throws -> [UInt8] {
        try cell.withDocumentBytes { Array($0) }
    }
}

/// `[[UInt8]]` is bytea[].
extension Array: PostgresArrayElement where Element == UInt8 {
    public static var postgresArrayType: PostgresType { .byteaArray }
}

extension PostgresCell {
    fileprivate func withDocumentBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        type == .bytea ? try withBytes(body) : try withTextBytes(body)
    }
}

extension PostgresBuffer {
    /// Postgres's hex form of bytea.
    fileprivate mutating func write(hex source: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        write(string: "\\x")
        for byte in source {
            write(byte: digits[Int(byte >> 4)])
            write(byte: digits[Int(byte & 15)])
        }
    }
}
