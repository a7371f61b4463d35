#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// MARK: Integers

/// What the four integer types share: fixed width, binary form, decoded from every integer type that fits.
protocol PostgresInteger: PostgresEncodable, PostgresDecodable, FixedWidthInteger {}

extension PostgresInteger {
    public static var postgresFormat: PostgresFormat { .binary }

    public func encodeText(into buffer: inout PostgresBuffer) { buffer.write(string: String(self)) }

    public init(_ cell: PostgresCell) throws {
        let value: Int64
        switch cell.type {
        case .int8, .lsn, .xid8: value = try cell.integer(Int64.self)
        case .int4: value = Int64(try cell.integer(Int32.self))
        case .int2: value = Int64(try cell.integer(Int16.self))
        case .oid, .xid: value = Int64(try cell.integer(UInt32.self))
        case .numeric: value = try PostgresNumeric(cell).integer(cell)
        default: throw cell.mismatch(Self.self)
        }
        guard let fitting = Self(exactly: value) else { throw cell.error("is out of the range of \(Self.self)") }
        self = fitting
    }
}

extension Int16: PostgresInteger, PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .int2 }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(integer: self) }
}

extension Int32: PostgresInteger, PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .int4 }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(integer: self) }
}

extension Int64: PostgresInteger, PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .int8 }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(integer: self) }
}

extension Int: PostgresInteger, PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .int8 }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(integer: Int64(self)) }
}

// MARK: Bool and Double

extension Bool: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .bool }
    public static var postgresFormat: PostgresFormat { .binary }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(byte: self ? 1 : 0) }
    public func encodeText(into buffer: inout PostgresBuffer) { buffer.write(string: self ? "t" : "f") }

    public init(_ cell: PostgresCell) throws {
        guard cell.type == .bool else { throw cell.mismatch(Bool.self) }
        self = try cell.integer(UInt8.self) != 0
    }
}

extension Double: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .float8 }
    public static var postgresFormat: PostgresFormat { .binary }
    public func encode(into buffer: inout PostgresBuffer) { buffer.write(integer: bitPattern) }

    public func encodeText(into buffer: inout PostgresBuffer) {
        if isNaN {
            buffer.write(string: "NaN")
        } else if isInfinite {
            buffer.write(string: self < 0 ? "-Infinity" : "Infinity")
        } else {
            buffer.write(string: description)
        }
    }

    public init(_ cell: PostgresCell) throws {
        switch cell.type {
        case .float8: self = Double(bitPattern: try cell.integer(UInt64.self))
        case .float4: self = Double(Float(bitPattern: try cell.integer(UInt32.self)))
        case .int4: self = Double(try cell.integer(Int32.self))
        case .int2: self = Double(try cell.integer(Int16.self))
        case .numeric:
            guard let value = Double(try PostgresNumeric(cell).description) else { throw cell.mismatch(Double.self) }
            self = value
        default: throw cell.mismatch(Double.self)
        }
    }
}

// MARK: UUID

extension UUID: PostgresEncodable, PostgresDecodable {
    public static var postgresType: PostgresType { .uuid }
    public static var postgresFormat: PostgresFormat { .binary }

    public func encode(into buffer: inout PostgresBuffer) {
        withUnsafeBytes(of: uuid) { buffer.write(bytes: $0) }
    }

    public func encodeText(into buffer: inout PostgresBuffer) { buffer.write(string: uuidString) }

    public init(_ cell: PostgresCell) throws {
        guard cell.type == .uuid else { throw cell.mismatch(UUID.self) }
        self = try cell.withBytes { bytes in
            guard bytes.count == 16 else { throw cell.error("has \(bytes.count) bytes where 16 were expected") }
            return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
        }
    }
}
