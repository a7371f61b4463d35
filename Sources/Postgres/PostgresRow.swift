/// One row of a result.
public struct PostgresRow: Sendable {
    let result: ResultHandle
    let row: Int

    public var columnCount: Int { result.columnCount }

    /// The value of the column with this number, from 0. Ask for an `Optional` where it may be null.
    public func get<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws -> T {
        guard column >= 0, column < result.columnCount else {
            throw PostgresError(.decoding, "there is no column \(column): the row has \(result.columnCount)")
        }
        return try T(PostgresCell(result: result, row: row, column: column))
    }

    /// The value of the first column with this name.
    public func get<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws -> T {
        guard let number = (0..<result.columnCount).first(where: { result.name(ofColumn: $0) == column }) else {
            throw PostgresError(.decoding, "there is no column \"\(column)\"")
        }
        return try T(PostgresCell(result: result, row: row, column: number))
    }

    /// All columns at once. The number of types must be that of the columns.
    public func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> (repeat each T) {
        var column = 0
        func next<U: PostgresDecodable>(_ type: U.Type) throws -> U {
            defer { column += 1 }
            return try get(column, as: type)
        }
        let values = (repeat try next(each types))
        guard column == result.columnCount else {
            throw PostgresError(.decoding, "the row has \(result.columnCount) columns, but \(column) were decoded")
        }
        return values
    }
}
