/// One value of a result in its binary form, not decoded yet.
public struct PostgresCell: Sendable {
    /// The type the server says the column has.
    public let type: PostgresType
    private let storage: Storage

    private enum Storage: Sendable {
        case null(column: String)
        case result(ResultHandle, row: Int32, column: Int32, isNull: Bool)
        case bytes(ArraySlice<UInt8>, column: String)
    }

    init(result: ResultHandle, row: Int, column: Int) {
        self.type = result.type(ofColumn: column)
        let isNull = result.isNull(row: row, column: column)
        self.storage = .result(result, row: Int32(row), column: Int32(column), isNull: isNull)
    }

    /// A cell over bytes of one's own, such as an element of an array; nil is null.
    init(type: PostgresType, column: String, bytes: ArraySlice<UInt8>?) {
        self.type = type
        self.storage = bytes.map { .bytes($0, column: column) } ?? .null(column: column)
    }

    /// The column's name; inside an array that of the array's column.
    public var column: String {
        switch storage {
        case .null(let column), .bytes(_, let column): column
        case .result(let result, _, let column, _): result.name(ofColumn: Int(column))
        }
    }

    public var isNull: Bool {
        switch storage {
        case .null: true
        case .bytes: false
        case .result(_, _, _, let isNull): isNull
        }
    }

    /// Calls `body` with the value's bytes, valid only during the call. Throws when the value is null.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        switch storage {
        case .bytes(let slice, _): try slice.withUnsafeBytes(body)
        case .result(let result, let row, let column, false):
            try result.withBytes(row: Int(row), column: Int(column), body)
        default: throw error("is null, but the type it is decoded as is not optional")
        }
    }

    /// The value as a big-endian integer of exactly this width.
    func integer<I: FixedWidthInteger>(_ type: I.Type) throws -> I {
        try withBytes { bytes in
            guard bytes.count == MemoryLayout<I>.size else {
                throw error("has \(bytes.count) bytes where \(MemoryLayout<I>.size) were expected")
            }
            return I(bigEndian: bytes.loadUnaligned(as: I.self))
        }
    }

    /// A decoding error that names the column and its type, never its value.
    public func error(_ problem: String) -> PostgresError {
        PostgresError(.decoding, "column \"\(column)\" (\(type)) \(problem)")
    }

    func mismatch<T>(_ target: T.Type) -> PostgresError {
        error("cannot be decoded as \(target); decode it as another type or cast it in the SQL")
    }
}
