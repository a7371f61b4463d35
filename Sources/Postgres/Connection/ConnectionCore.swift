import Logging
import Synchronization

/// One connection: its state behind a lock, its socket watched by the reactor.
///
/// Requests are sent from the thread of the task that makes them; their answers are read on the reactor's thread.
/// Neither blocks, as libpq is in non-blocking mode throughout.
final class ConnectionCore: ReactorHandler {
    /// How long a cancelled query may go on before the connection is given up.
    static let cancelTimeout = Duration.seconds(10)

    let backendPID: Int32
    let cancelHandle: CancelHandle?
    private let state: Mutex<ConnectionState>
    let reactor: Reactor
    /// libpq holds a pointer to it.
    private let notices: NoticeSink
    private let closeAction = Mutex<(@Sendable () -> Void)?>(nil)

    /// Takes over an open connection.
    init(
        _ opened: consuming OpenedConnection, configuration: PostgresConfiguration, logger: Logger
    ) throws(PostgresError) {
        let reactor = try Reactor.shared.get()
        let notices = NoticeSink(logger: logger)
        notices.attach(to: opened.handle)
        self.reactor = reactor
        self.notices = notices
        self.backendPID = opened.backendPID
        self.cancelHandle = CancelHandle(opened.handle)
        self.state = Mutex(
            ConnectionState(handle: opened.handle, configuration: configuration, reactor: reactor))
        let socket = opened.socket
        do throws(PostgresError) {
            let token = try reactor.add(socket: socket, handler: self)
            withState { $0.token = token }
        } catch {
            close(error)
            throw error
        }
    }

    /// Runs `body` on the state, then does what it left to do outside of the lock.
    func withState<R: Sendable>(_ body: (inout sending ConnectionState) -> R) -> R {
        let (result, effects) = state.withLock { state in
            let result = body(&state)
            let effects = state.effects
            state.effects = []
            return (result, effects)
        }
        for effect in effects { perform(effect) }
        return result
    }

    private func perform(_ effect: ConnectionState.Effect) {
        switch effect {
        case .resume(let continuation, let result): continuation.resume(with: result.mapError { $0 as any Error })
        case .drained(let continuation, let error):
            if let error { continuation.resume(throwing: error) } else { continuation.resume() }
        case .cancel(let request): sendCancel(request)
        case .closed: closeAction.withLock { $0 }?()
        }
    }

    // MARK: Requests

    /// Sends a request, now or when those before it are answered.
    func enqueue(_ request: Request, _ continuation: Request.Continuation) {
        withState { $0.enqueue(request, continuation) }
    }

    /// Sends a request and waits for its answer. When the task is cancelled, so is the query on the server.
    func run(_ request: Request) async throws -> [PostgresRows] {
        try await run(request) { self.enqueue(request, $0) }
    }

    /// As ``run(_:)``, for those who have to complete the request at the moment when it takes its place.
    func run(_ request: Request, enqueue: (Request.Continuation) -> Void) async throws -> [PostgresRows] {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue($0) }
        } onCancel: {
            withState { $0.cancel(request) }
        }
    }

    /// As ``run(_:)``, but goes on when the task is cancelled: for what has to reach its end.
    func runUncancellable(_ request: Request) async throws -> [PostgresRows] {
        try await withCheckedThrowingContinuation { enqueue(request, $0) }
    }

    // MARK: The reactor

    func socketReady(readable: Bool, writable: Bool) {
        withState { state in
            if writable { state.flush() }
            if readable { state.receive() }
        }
    }

    // MARK: Closing

    var isClosed: Bool { withState { $0.handle == nil } }

    func close(_ reason: PostgresError = PostgresError(.connection, "the connection was closed by this client")) {
        withState { $0.close(reason) }
    }

    /// What to do when the connection has closed, for whichever reason; at once if it is closed already.
    func onClose(_ action: @escaping @Sendable () -> Void) {
        closeAction.withLock { $0 = action }
        if isClosed { action() }
    }
}
