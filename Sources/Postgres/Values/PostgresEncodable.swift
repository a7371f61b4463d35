/// How a value travels to the server.
public enum PostgresFormat: Sendable {
    /// Postgres's text form, as in an SQL literal without its quotes.
    case text
    /// The type's binary form (`<type>recv` in the server).
    case binary
}

/// A value that can be bound to a parameter of a statement or copied into a table.
///
/// A type with a raw value that is encodable, such as `enum Status: String`, needs only to state the conformance.
public protocol PostgresEncodable: Sendable {
    /// The type the parameter is declared as, or ``PostgresType/unspecified`` to let the server infer it.
    static var postgresType: PostgresType { get }
    /// The form that ``encode(into:)`` writes.
    static var postgresFormat: PostgresFormat { get }
    /// Writes the value in ``postgresFormat``. Throws when the value has no such form (``PostgresError/Code/encoding``).
    func encode(into buffer: inout PostgresBuffer) throws
    /// Writes the value in Postgres's text form, without quotes or escapes: what COPY sends.
    func encodeText(into buffer: inout PostgresBuffer) throws
}

extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    public static var postgresType: PostgresType { RawValue.postgresType }
    public static var postgresFormat: PostgresFormat { RawValue.postgresFormat }
    public func encode(into buffer: inout PostgresBuffer) throws { try rawValue.encode(into: &buffer) }
    public func encodeText(into buffer: inout PostgresBuffer) throws { try rawValue.encodeText(into: &buffer) }
}
