import CLibPQ

/// Everything about one connection that changes, and the rules by which it does. Lives inside ``ConnectionCore``'s lock.
///
/// Its functions never block and never resume a task: what has to happen outside of the lock is noted in ``effects``.
struct ConnectionState {
    enum Effect {
        case resume(Request.Continuation, Result<[PostgresRows], PostgresError>)
        case drained(CheckedContinuation<Void, any Error>, PostgresError?)
        /// Ask the server, on a thread of its own, to end what it is running.
        case cancel(Request)
        case closed
    }

    /// nil once the connection is closed.
    var handle: OpaquePointer?
    let socket: Int32
    let reactor: Reactor
    /// The reactor's name for the socket; 0 before it is watched.
    var token: UInt64 = 0
    let usesPreparedStatements: Bool
    var cache: StatementCache
    var active: Request?
    var queue: [Request] = []
    var isWaitingToWrite = false
    /// A cancellation is on its way to the server: until it has arrived nothing else may be sent, or it could hit that.
    var isCancelling = false
    var closeReason: PostgresError?
    var roundTrips = 0
    var isInTransactionScope = false
    var advisoryLocks = 0
    /// The pool is asking whether the server still answers.
    var isPinging = false
    var scratch = ParameterScratch()
    var effects: [Effect] = []

    init(handle: OpaquePointer, configuration: PostgresConfiguration, reactor: Reactor) {
        self.handle = handle
        self.socket = PQsocket(handle)
        self.reactor = reactor
        self.usesPreparedStatements = configuration.preparedStatements && configuration.maxPreparedStatements > 0
        self.cache = StatementCache(capacity: configuration.maxPreparedStatements)
    }

    var isIdle: Bool { active == nil && queue.isEmpty && !isCancelling }

    var transactionStatus: PGTransactionStatusType {
        handle.map { PQtransactionStatus($0) } ?? PQTRANS_UNKNOWN
    }

    // MARK: Requests

    mutating func enqueue(_ request: Request, _ continuation: Request.Continuation) {
        request.continuation = continuation
        if request.isCancelRequested, !request.mustBeSent {
            return finish(request, with: Self.cancelledBeforeSending)
        }
        request.phase = .queued
        queue.append(request)
        sendNext()
    }

    /// Sends the next request if the connection is free.
    mutating func sendNext() {
        while active == nil, !isCancelling, !queue.isEmpty {
            let request = queue.removeFirst()
            guard handle != nil else {
                finish(request, with: closeReason ?? .connection(nil))
                continue
            }
            if request.isCancelRequested, !request.mustBeSent {
                finish(request, with: Self.cancelledBeforeSending)
                continue
            }
            active = request
            request.phase = .active
            transmit(request)
            if request.isCancelRequested, active === request { beginCancelling(request) }
        }
    }

    /// Ends a request that the server has answered, or that will not be answered.
    mutating func finish(_ request: Request, with error: PostgresError?) {
        request.phase = .finished
        request.error = error
        if active === request { active = nil }
        if let continuation = request.continuation {
            request.continuation = nil
            effects.append(.resume(continuation, error.map { .failure($0) } ?? .success(request.results)))
        }
        if let drained = request.drained {
            request.drained = nil
            effects.append(.drained(drained, error))
        }
    }

    /// Closes the connection; everything that runs or waits on it fails.
    mutating func close(_ reason: PostgresError) {
        guard let handle else { return }
        if token != 0 { reactor.remove(socket: socket, token: token) }
        PQfinish(handle)
        self.handle = nil
        closeReason = reason
        if let active {
            // The server's own words, if it had any, say more than that the connection is gone.
            finish(active, with: active.error.flatMap { $0.code == .connection ? $0 : nil } ?? reason)
        }
        let waiting = queue
        queue = []
        for request in waiting { finish(request, with: reason) }
        effects.append(.closed)
    }

    // MARK: Cancellation

    static let cancelledBeforeSending = PostgresError(
        .cancelled, "the task was cancelled before its statement was sent")

    mutating func cancel(_ request: Request) {
        request.isCancelRequested = true
        switch request.phase {
        case .queued where !request.mustBeSent:
            queue.removeAll { $0 === request }
            finish(request, with: Self.cancelledBeforeSending)
        case .active: beginCancelling(request)
        case .new, .queued, .finished: break
        }
    }

    mutating func beginCancelling(_ request: Request) {
        guard active === request, !isCancelling else { return }
        isCancelling = true
        request.cancelAttempts += 1
        effects.append(.cancel(request))
    }

    /// The cancellation has reached the server, or could not be sent.
    mutating func endCancelling() {
        isCancelling = false
        sendNext()
    }
}

// MARK: Pooling

extension ConnectionState {
    /// Whether the connection can be given to somebody else.
    var isReusable: Bool {
        handle != nil && active == nil && queue.isEmpty && advisoryLocks == 0 && !isInTransactionScope
            && transactionStatus == PQTRANS_IDLE
    }

    /// Reads what may lie in the socket, without waiting: an end that nobody has read yet closes the connection here.
    mutating func isAlive() -> Bool {
        receive()
        return handle != nil
    }
}
