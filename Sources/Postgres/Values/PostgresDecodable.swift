/// A value that can be read from a cell of a result.
///
/// A type with a raw value that is decodable, such as `enum Status: String`, needs only to state the conformance.
/// A nullable column is decoded as an `Optional`; null decoded as anything else is an error.
public protocol PostgresDecodable {
    /// Reads the value; throws ``PostgresError`` with the code ``PostgresError/Code/decoding`` when the cell is null or
    /// of a type that does not fit.
    init(_ cell: PostgresCell) throws
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    public init(_ cell: PostgresCell) throws {
        guard let value = Self(rawValue: try RawValue(cell)) else {
            throw cell.error("holds a value that \(Self.self) does not know")
        }
        self = value
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    public init(_ cell: PostgresCell) throws {
        self = cell.isNull ? nil : try Wrapped(cell)
    }
}
