import Postgres

extension PostgresRow {
    /// A value that is stored by its name. Not a conformance to `PostgresDecodable`: the domain's types are public, and
    /// do not tell how they are stored.
    func named<Value: RawRepresentable>(_ column: Int) throws -> Value where Value.RawValue == String {
        let name = try get(column, as: String.self)
        guard let value = Value(rawValue: name) else { throw UnknownName(name: name, type: "\(Value.self)") }
        return value
    }

    /// The same, or nil where there is none.
    func named<Value: RawRepresentable>(_ column: Int) throws -> Value? where Value.RawValue == String {
        try get(column, as: String?.self) == nil ? nil : .some(named(column) as Value)
    }
}

/// A row that a newer release has written.
struct UnknownName: Error {
    let name: String
    let type: String
}
