import CLibPQ

extension ConnectionCore {
    /// How many bytes are encoded before they are handed to libpq.
    private static let chunk = 1 << 16

    /// Runs COPY … FROM STDIN with the rows that `next` returns until nil; returns how many rows were stored.
    ///
    /// When `next` throws, or the task is cancelled, the server keeps nothing and the error is thrown on.
    func copy(
        _ sql: String, _ next: () async throws -> [(any PostgresEncodable)?]?
    ) async throws -> Int {
        let request = Request(kind: .copy(sql))
        _ = try await run(request)
        guard withState({ _ in request.isTakingRows }) else {
            throw PostgresError(.protocolViolation, "the statement is not COPY … FROM STDIN", statement: sql)
        }
        do {
            var encoder = CopyEncoder()
            while let row = try await next() {
                try encoder.append(row)
                if encoder.bytes.count >= Self.chunk { try await write(encoder.take(), to: request) }
            }
            try await write(encoder.take(), to: request)
        } catch {
            _ = try? await withCheckedThrowingContinuation { endCopy(request, failure: "given up by the client", $0) }
            throw error
        }
        let results = try await run(request) { endCopy(request, failure: nil, $0) }
        return results.last?.affectedRows ?? 0
    }

    /// Hands bytes to libpq and waits until the system has taken them, so that no more than a chunk is kept in memory.
    private func write(_ bytes: [UInt8], to request: Request) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let failure = withState { state -> PostgresError? in
                    if request.isCancelRequested { return ConnectionState.cancelledCopy }
                    guard state.active === request, let handle = state.handle else {
                        return request.error ?? state.closeReason ?? .connection(nil)
                    }
                    let isTaken = bytes.withUnsafeBytes { buffer in
                        PQputCopyData(
                            handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count)) == 1
                    }
                    guard isTaken else { return .connection(handle) }
                    request.drained = continuation
                    state.flush()
                    return nil
                }
                if let failure { continuation.resume(throwing: failure) }
            }
        } onCancel: {
            withState { $0.cancel(request) }
        }
    }

    /// Ends the rows, with a failure to have the server keep none of them. The answer resumes `continuation`.
    private func endCopy(_ request: Request, failure: String?, _ continuation: Request.Continuation) {
        let error = withState { state -> PostgresError? in
            guard state.active === request, let handle = state.handle else {
                return request.error ?? state.closeReason ?? .connection(nil)
            }
            request.continuation = continuation
            request.isTakingRows = false
            let message = failure ?? (request.isCancelRequested ? "cancelled by the client" : nil)
            guard PQputCopyEnd(handle, message) == 1 else {
                state.close(.connection(handle))
                return nil
            }
            state.flush()
            // An error that came while rows were written has been read from the socket already.
            state.receive()
            return nil
        }
        if let error { continuation.resume(throwing: error) }
    }
}

extension ConnectionState {
    static let cancelledCopy = PostgresError(.cancelled, "the task was cancelled while it copied")
}

extension PostgresConnection {
    /// Loads rows by `COPY table (column, …) FROM STDIN`, the fastest way to insert many. Returns how many were stored.
    ///
    /// Each row has a value for each column, in order; nil is null. Rows are taken as fast as the server stores them.
    /// When taking a row throws, or the server refuses one, nothing is stored.
    @discardableResult
    public func copyIn(
        _ statement: Statement, rows: some Sequence<[(any PostgresEncodable)?]>
    ) async throws -> Int {
        var iterator = rows.makeIterator()
        return try await core.copy(statement.sql) { iterator.next() }
    }

    /// As ``copyIn(_:rows:)`` above, for rows that come over time.
    @discardableResult
    public func copyIn<Rows: AsyncSequence>(_ statement: Statement, rows: Rows) async throws -> Int
    where Rows.Element == [(any PostgresEncodable)?] {
        var iterator = rows.makeAsyncIterator()
        return try await core.copy(statement.sql) { try await iterator.next(isolation: #isolation) }
    }
}
