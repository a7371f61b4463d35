import CLibPQ
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opens connections. libpq blocks while it does (DNS, TCP, TLS, authentication), so each is opened on its own thread.
enum Connector {
    private struct Attempt {
        var continuation: CheckedContinuation<OpenedConnection, any Error>?
        var isCancelled = false
    }

    /// Opens a connection. When the task is cancelled this throws at once, and what is opened later is closed.
    static func open(_ configuration: PostgresConfiguration) async throws -> OpenedConnection {
        let attempt = SharedAttempt()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard attempt.begin(continuation) else { return }
                let isStarted = SystemThread.start {
                    attempt.end(Result { () throws(PostgresError) in try openBlocking(configuration) })
                }
                if !isStarted {
                    attempt.end(.failure(PostgresError(.connection, "no thread can be started to open a connection")))
                }
            }
        } onCancel: {
            attempt.end(.failure(PostgresError(.cancelled, "the task was cancelled while its connection was opened")))
        }
    }

    /// Lets exactly one of "opened", "failed" and "cancelled" resume the task.
    private final class SharedAttempt: Sendable {
        private let state = Mutex(Attempt())

        /// False if the attempt was cancelled before it began; the task has then been resumed.
        func begin(_ continuation: CheckedContinuation<OpenedConnection, any Error>) -> Bool {
            let isCancelled = state.withLock { state in
                if !state.isCancelled { state.continuation = continuation }
                return state.isCancelled
            }
            if isCancelled {
                continuation.resume(throwing: PostgresError(.cancelled, "the task was cancelled before connecting"))
            }
            return !isCancelled
        }

        func end(_ result: Result<OpenedConnection, PostgresError>) {
            let continuation = state.withLock { state in
                defer {
                    state.continuation = nil
                    state.isCancelled = true
                }
                return state.continuation
            }
            if let continuation {
                continuation.resume(with: result.mapError { $0 as any Error })
            } else if case .success(let connection) = result {
                connection.close()
            }
        }
    }

    // MARK: Blocking

    private static func openBlocking(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpenedConnection {
        let handle = try connect(parameters(configuration))
        guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
            let error = PostgresError.connection(handle)
            PQfinish(handle)
            throw error
        }
        return OpenedConnection(handle)
    }

    private static func connect(_ parameters: [(name: String, value: String)]) throws(PostgresError) -> OpaquePointer {
        let names = parameters.map { strdup($0.name) } + [nil]
        let values = parameters.map { strdup($0.value) } + [nil]
        defer { for pointer in names + values { free(pointer) } }
        let handle = PQconnectdbParams(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
        guard let handle else { throw PostgresError(.connection, "libpq has no memory for a connection") }
        guard PQstatus(handle) == CONNECTION_OK else {
            defer { PQfinish(handle) }
            throw PostgresError.connection(handle)
        }
        return handle
    }

    /// libpq lets later parameters win over earlier ones: our defaults come before the connection string, what must be
    /// so after it.
    private static func parameters(
        _ configuration: PostgresConfiguration
    ) throws(PostgresError) -> [(name: String, value: String)] {
        let given = try explicitParameters(configuration.connectionString)
        let timeout = (configuration.connectTimeout.milliseconds + 999) / 1000
        var parameters = [
            ("fallback_application_name", configuration.applicationName),
            ("connect_timeout", "\(max(1, timeout))"),
            // A peer that vanished without a word is noticed within a minute instead of after hours.
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"),
            ("dbname", configuration.connectionString),
            ("client_encoding", "UTF8"),
        ]
        let options = [given["options"] ?? "", configuration.serverOptions].filter { !$0.isEmpty }
        if !options.isEmpty { parameters.append(("options", options.joined(separator: " "))) }
        return parameters
    }

    /// What the connection string itself sets. libpq's message about a bad string may quote its password, so it is not
    /// passed on.
    private static func explicitParameters(_ connectionString: String) throws(PostgresError) -> [String: String] {
        guard let options = PQconninfoParse(connectionString, nil) else {
            throw PostgresError(
                .configuration, "the connection string is neither a valid libpq URI nor a valid key=value string")
        }
        defer { PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parameters[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return parameters
    }
}
