#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A type whose Swift array is a Postgres value: mostly an array of one dimension, and bytea for `[UInt8]`.
///
/// Conformances need only ``postgresArrayType``; the rest has defaults for elements that can be bound themselves.
public protocol PostgresArrayElement: Sendable {
    static var postgresArrayType: PostgresType { get }
    static var postgresArrayFormat: PostgresFormat { get }
    static func encodeArray(_ elements: [Self], into buffer: inout PostgresBuffer) throws
    static func encodeArrayText(_ elements: [Self], into buffer: inout PostgresBuffer) throws
    static func decodeArray(_ cell: PostgresCell) throws -> [Self]
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    public static var postgresType: PostgresType { Element.postgresArrayType }
    public static var postgresFormat: PostgresFormat { Element.postgresArrayFormat }
    public func encode(into buffer: inout PostgresBuffer) throws { try Element.encodeArray(self, into: &buffer) }
    public func encodeText(into buffer: inout PostgresBuffer) throws {
        try Element.encodeArrayText(self, into: &buffer)
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    public init(_ cell: PostgresCell) throws { self = try Element.decodeArray(cell) }
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
    public static var postgresArrayFormat: PostgresFormat { postgresFormat }

    public static func encodeArray(_ elements: [Self], into buffer: inout PostgresBuffer) throws {
        try ArrayCoding.encode(elements, into: &buffer) { $0 }
    }

    public static func encodeArrayText(_ elements: [Self], into buffer: inout PostgresBuffer) throws {
        try ArrayCoding.encodeText(elements, into: &buffer) { $0 }
    }

    public static func decodeArray(_ cell: PostgresCell) throws -> [Self] {
        try ArrayCoding.decode(cell) { try Self($0) }
    }
}

extension Optional: PostgresArrayElement
where Wrapped: PostgresArrayElement & PostgresEncodable & PostgresDecodable {
    public static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    public static var postgresArrayFormat: PostgresFormat { Wrapped.postgresArrayFormat }

    public static func encodeArray(_ elements: [Wrapped?], into buffer: inout PostgresBuffer) throws {
        try ArrayCoding.encode(elements, into: &buffer) { $0 }
    }

    public static func encodeArrayText(_ elements: [Wrapped?], into buffer: inout PostgresBuffer) throws {
        try ArrayCoding.encodeText(elements, into: &buffer) { $0 }
    }

    public static func decodeArray(_ cell: PostgresCell) throws -> [Wrapped?] {
        try ArrayCoding.decode(cell) { try Wrapped?($0) }
    }
}

extension Int16: PostgresArrayElement { public static var postgresArrayType: PostgresType { .int2Array } }
extension Int32: PostgresArrayElement { public static var postgresArrayType: PostgresType { .int4Array } }
extension Int64: PostgresArrayElement { public static var postgresArrayType: PostgresType { .int8Array } }
extension Int: PostgresArrayElement { public static var postgresArrayType: PostgresType { .int8Array } }
extension Bool: PostgresArrayElement { public static var postgresArrayType: PostgresType { .boolArray } }
extension Double: PostgresArrayElement { public static var postgresArrayType: PostgresType { .float8Array } }
extension UUID: PostgresArrayElement { public static var postgresArrayType: PostgresType { .uuidArray } }
extension Date: PostgresArrayElement { public static var postgresArrayType: PostgresType { .timestamptzArray } }
extension Decimal: PostgresArrayElement { public static var postgresArrayType: PostgresType { .numericArray } }
/// Like a single string, an array of strings has no type of its own: the server infers text[], uuid[], an enum's
/// array … Functions that take any array need a cast: `unnest($1::text[])`.
extension String: PostgresArrayElement { public static var postgresArrayType: PostgresType { .unspecified } }
/// As an array of strings: cast it to `json[]` or `jsonb[]` where the statement does not tell.
extension PostgresJSON: PostgresArrayElement { public static var postgresArrayType: PostgresType { .unspecified } }
