/// The rows that a statement returned, in memory, decoded when asked for.
public struct PostgresRows: RandomAccessCollection, Sendable {
    let result: ResultHandle?
    public let startIndex = 0
    public let endIndex: Int

    init(result: ResultHandle?) {
        self.result = result
        self.endIndex = result?.rowCount ?? 0
    }

    /// A result without rows, of a statement that was not run.
    static let none = PostgresRows(result: nil)

    public subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row index out of range")
        guard let result else { preconditionFailure("an empty result has no rows") }
        return PostgresRow(result: result, row: position)
    }

    /// How many rows the statement inserted, updated, deleted or selected.
    public var affectedRows: Int { result?.affectedRows ?? 0 }

    /// The names of the columns, in order.
    public var columns: [String] {
        guard let result else { return [] }
        return (0..<result.columnCount).map { result.name(ofColumn: $0) }
    }

    /// Decodes all rows, column by column: `rows.decode(UUID.self, String?.self)`.
    public func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> [(repeat each T)] {
        try map { row in try row.decode(repeat each types) }
    }
}
