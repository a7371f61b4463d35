import CLibPQ

/// Owns one `PGresult`, and frees it.
///
/// `@unchecked Sendable`: a result is never changed after libpq has handed it out, and its reading functions
/// (PQgetvalue and the like) touch nothing else.
final class ResultHandle: @unchecked Sendable {
    private let result: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    init(_ result: OpaquePointer) {
        self.result = result
        self.rowCount = Int(PQntuples(result))
        self.columnCount = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    func name(ofColumn column: Int) -> String { PQfname(result, Int32(column)).map { String(cString: $0) } ?? "" }

    func type(ofColumn column: Int) -> PostgresType { PostgresType(rawValue: PQftype(result, Int32(column))) }

    var affectedRows: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// What the server calls the command that ran: "COMMIT", "INSERT 0 1" …
    var commandTag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    func isNull(row: Int, column: Int) -> Bool { PQgetisnull(result, Int32(row), Int32(column)) == 1 }

    /// Calls `body` with the bytes of a cell that is not null.
    func withBytes<R>(row: Int, column: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let count = Int(PQgetlength(result, Int32(row), Int32(column)))
        let start = PQgetvalue(result, Int32(row), Int32(column))
        return try withExtendedLifetime(self) {
            try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(start), count: start == nil ? 0 : count))
        }
    }
}
