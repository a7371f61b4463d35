import CLibPQ

extension PostgresError {
    /// The error that a result carries. `isCancelled` says that this client asked for the statement's cancellation.
    init(
        result: OpaquePointer, statement: String?, isCancelled: Bool, file: String = #fileID, line: Int = #line
    ) {
        func field(_ code: UnicodeScalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        let sqlState = field("C")
        let severity = field("V")
        let fallback = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
        let code: Code
        if isCancelled, sqlState == PostgresSQLState.queryCanceled {
            code = .cancelled
        } else if sqlState == nil || severity == "FATAL" || severity == "PANIC" {
            // Without SQLSTATE the message is libpq's own: it lost the server.
            code = .connection
        } else {
            code = .server
        }
        self.init(
            code, field("M") ?? Self.oneLine(fallback), sqlState: sqlState, statement: statement, file: file,
            line: line)
        detail = field("D")
        hint = field("H")
        context = field("W")
        schema = field("s")
        table = field("t")
        column = field("c")
        constraint = field("n")
        position = field("P").flatMap { Int($0) }
        serverFunction = field("R")
        isFatal = code == .connection && sqlState != nil
    }

    /// A connection's last error. libpq's messages hold no values.
    static func connection(
        _ connection: OpaquePointer?, file: String = #fileID, line: Int = #line
    ) -> PostgresError {
        let text = connection.flatMap { PQerrorMessage($0) }.map { String(cString: $0) } ?? ""
        let message = oneLine(text)
        return PostgresError(
            .connection, message.isEmpty ? "the connection to the server is lost" : message, file: file, line: line)
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(while: \.isWhitespace) }
            .joined(separator: "; ")
    }
}
