import CNATS
import Dispatch
import Logging
import Metrics
import Synchronization

/// Connecting, losing the connection, connecting again, closing.
extension ConnectionCore {
    private static let disconnects = Counter(label: "nats_disconnects_total")

    /// Makes a session and all subscriptions in it. On `queue`; blocks for as long as connecting takes.
    func open() throws(NATSError) {
        let generation = state.withLock { state in
            state.generation += 1
            return state.generation
        }
        let closure = SessionBox(core: self, generation: generation).retain()
        var session: NATSSession?
        do {
            session = try connect(closure, generation)
        } catch {
            // libnats calls no callback of a connection that never came about.
            SessionBox.release(closure)
            throw error
        }
        guard let session else { return }
        // New ones may come while the first are made: connected is only who has them all.
        while true {
            let missing: [UInt64] = state.withLock { state in
                let made = handles.withLock { handles in
                    Set(handles.subscriptions.keys.filter { $0.generation == generation }.map(\.id))
                }
                let missing = state.subscriptions.keys.filter { !made.contains($0) }
                if missing.isEmpty, case .disconnected = state.phase { state.phase = .connected(session) }
                return missing
            }
            guard !missing.isEmpty else { break }
            for id in missing {
                let status = subscribe(id, in: session)
                guard status == NATS_OK else {
                    session.close()
                    throw NATSError(.disconnected, "subscribe: \(NATSLibrary.text(status))")
                }
            }
        }
        connected(session)
    }

    private func connect(_ closure: UnsafeMutableRawPointer, _ generation: UInt64) throws(NATSError) -> NATSSession {
        var status = NATS_OK
        if NATSOptions.canWriteDirectly(configuration) {
            do throws(NATSError) {
                return try connect(closure, generation, sharing: DirectSocket.Place(), &status)
            } catch {
                // The server asks for TLS though nothing here says so. Then its socket cannot be shared.
                guard status == NATS_SSL_ERROR else { throw error }
            }
        }
        return try connect(closure, generation, sharing: nil, &status)
    }

    private func connect(
        _ closure: UnsafeMutableRawPointer, _ generation: UInt64, sharing place: DirectSocket.Place?,
        _ status: inout natsStatus
    ) throws(NATSError) -> NATSSession {
        try NATSOptions.with(configuration, callbacks: closure, sharing: place) { (options) throws(NATSError) in
            let pointer = try connect(options, &status)
            return NATSSession(taking: pointer, socket: place?.take(), generation: generation)
        }
    }

    /// With a key that signs, a refusal is tried again twice: libnats 3.4.1 makes a wrong signature now and then (7 of
    /// 2,000 connects with one NKey were refused by nats-server 2.15.1, each time another one).
    private func connect(_ options: OpaquePointer, _ status: inout natsStatus) throws(NATSError) -> OpaquePointer {
        let signs = configuration.credentialsFile != nil || configuration.nkeySeedFile != nil
        var attempts = signs ? 3 : 1
        while true {
            var connection: OpaquePointer?
            status = natsConnection_Connect(&connection, options)
            if status == NATS_OK, let connection { return connection }
            attempts -= 1
            guard attempts > 0, status == NATS_CONNECTION_AUTH_FAILED else { throw connectError(status) }
        }
    }

    private func connected(_ session: NATSSession) {
        let (closed, first, waiters) = state.withLock { state in
            guard case .connected = state.phase else { return (true, false, [Promise<Bool>]()) }
            let first = !state.everConnected
            state.everConnected = true
            defer { state.connectedWaiters = [:] }
            return (false, first, Array(state.connectedWaiters.values))
        }
        guard !closed else { return session.close() }
        if natsConnection_IsClosed(session.pointer) {
            // Lost before it counted as connected: then the callback came too early to be of use.
            sessionLost(session.generation, reason: "connection lost")
            return
        }
        for waiter in waiters { waiter.resolve(true) }
        logger.info(
            "connected to NATS",
            metadata: [
                "nats.url": "\(session.url)", "nats.first": "\(first)", "nats.direct": "\(session.socket != nil)",
            ])
        emit(first ? .connected(url: session.url) : .reconnected(url: session.url))
    }

    private func connectError(_ status: natsStatus) -> NATSError {
        let code: NATSError.Code =
            switch status {
            case NATS_CONNECTION_AUTH_FAILED, NATS_SSL_ERROR, NATS_SECURE_CONNECTION_REQUIRED,
                NATS_SECURE_CONNECTION_WANTED, NATS_NOT_PERMITTED:
                .authorization
            default: .connectFailed
            }
        return NATSError(code, "\(configuration.redactedServers): \(NATSLibrary.lastError(status))")
    }

    /// The session is no more: whoever waits for an answer is told at once, and a new session is tried for. Called by
    /// the disconnected and closed callbacks and by the writer; only the first call for a session counts.
    func sessionLost(_ generation: UInt64, reason: String) {
        let lost: (session: NATSSession, was: State)? = state.withLock { state in
            guard case .connected(let session) = state.phase, session.generation == generation else { return nil }
            let was = state
            state.phase = .disconnected(reason: reason)
            state.receivers = [:]
            state.outgoing = []
            state.outgoingBytes = 0
            state.parked = []
            state.ending = [:]
            return (session, was)
        }
        guard let lost else { return }
        let error = NATSError(.disconnected, reason)
        fail(Array(lost.was.receivers.values), (lost.was.outgoing + lost.was.parked)[...], error)
        for target in lost.was.ending.values { target.finish() }
        for subscription in lost.was.subscriptions.values { subscription.target.interrupted(error) }
        Self.disconnects.increment()
        logger.warning("lost the connection to NATS", metadata: ["nats.reason": "\(reason)"])
        emit(.disconnected(reason: reason))
        queue.async {
            lost.session.close()
            self.reconnect(attempt: 0)
        }
    }

    /// The closed callback: libnats is done with the session.
    func sessionEnded(_ generation: UInt64) {
        queue.async { _ = self.handles.withLock { $0.orphans.removeValue(forKey: generation) } }
    }

    /// Tells who waits that it will not come.
    func fail(_ receivers: [any ReplyReceiver], _ items: ArraySlice<WriteItem>, _ error: NATSError) {
        for receiver in receivers { receiver.fail(error) }
        for case .flush(let promise, _) in items { promise.resolve(.failure(error)) }
        settle()
    }

    /// Tries until it succeeds or the connection is closed. On `queue`.
    func reconnect(attempt: Int) {
        let random = Double.random(in: 0...1)
        let delay = configuration.reconnectDelay(attempt: attempt, random: random)
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay.nanoseconds))) {
            guard self.state.withLock({ if case .disconnected = $0.phase { true } else { false } }) else { return }
            do throws(NATSError) {
                try self.open()
            } catch {
                self.noteFailure(error)
                self.reconnect(attempt: attempt + 1)
            }
        }
    }

    /// Each reason is logged once while it stays the same.
    private func noteFailure(_ error: NATSError) {
        let isNew = state.withLock { state in
            guard case .disconnected(let reason) = state.phase else { return false }
            state.phase = .disconnected(reason: error.message)
            return reason != error.message
        }
        logger.log(
            level: isNew ? .warning : .debug, "no connection to NATS yet", metadata: ["nats.error": "\(error)"])
    }

    /// True once connected; false when the time is over or the connection was closed, or the task cancelled.
    func waitUntilConnected(timeout: Duration) async -> Bool {
        let promise = Promise<Bool>()
        let id: UInt64? = state.withLock { state in
            switch state.phase {
            case .connected:
                promise.resolve(true)
                return nil
            case .closed:
                promise.resolve(false)
                return nil
            case .disconnected:
                let id = state.newID()
                state.connectedWaiters[id] = promise
                return id
            }
        }
        guard let id else { return await promise.value }
        let timer = timeouts.schedule(after: timeout) { promise.resolve(false) }
        let connected = await withTaskCancellationHandler {
            await promise.value
        } onCancel: {
            promise.resolve(false)
        }
        timeouts.cancel(timer)
        state.withLock { $0.connectedWaiters[id] = nil }
        return connected
    }

    /// Ends everything. `done` is called once the socket is closed, on `queue`.
    func shutDown(_ done: @escaping @Sendable () -> Void = {}) {
        let was = state.withLock { state in
            let was = state
            state.phase = .closed
            state.receivers = [:]
            state.outgoing = []
            state.outgoingBytes = 0
            state.parked = []
            state.drained = []
            state.subscriptions = [:]
            state.ending = [:]
            state.connectedWaiters = [:]
            state.events = [:]
            return was
        }
        if case .closed = was.phase { return queue.async { done() } }
        let error = NATSError(.closed, "the connection was closed")
        fail(Array(was.receivers.values), (was.outgoing + was.parked)[...], error)
        for subscription in was.subscriptions.values { subscription.target.finish() }
        for target in was.ending.values { target.finish() }
        for waiter in was.connectedWaiters.values { waiter.resolve(false) }
        for continuation in was.events.values {
            continuation.yield(.closed)
            continuation.finish()
        }
        queue.async {
            if case .connected(let session) = was.phase { session.close() }
            done()
        }
    }

    /// Stops subscriptions, waits until what has come is read and what was asked is answered, and closes.
    func drain(timeout: Duration) async {
        let deadline = ContinuousClock.now + timeout
        let ids = state.withLock { state in
            state.draining = true
            let ending = state.subscriptions.filter { $0.key != Self.inboxSubscription }
            state.drained = ending.values.map(\.target)
            return ending.keys
        }
        for id in ids { endSubscription(id, drain: true) }
        let idle = Promise<Void>()
        state.withLock { $0.idleWaiters.append(idle) }
        let timer = timeouts.schedule(after: timeout) { idle.resolve(()) }
        settle()
        await withTaskCancellationHandler {
            await idle.value
        } onCancel: {
            idle.resolve(())
        }
        timeouts.cancel(timer)
        let flushed = Promise<Result<Void, NATSError>>()
        do throws(NATSError) {
            try send(bytes: 0) { _ in .flush(flushed, deadline: max(deadline, .now + .milliseconds(10))) }
            _ = await flushed.value
        } catch {
            // Not connected: there is nothing to flush.
        }
        await withCheckedContinuation { continuation in shutDown { continuation.resume() } }
    }

    /// Starts to receive messages. While there is no connection the subscription is made with the next one.
    func startSubscription(
        _ subject: String, queueGroup: String?, _ target: any MessageTarget
    ) throws(NATSError) -> UInt64 {
        let (id, schedule) = try state.withLock { (state) throws(NATSError) -> (UInt64, Bool) in
            if case .closed = state.phase { throw NATSError(.closed, "the connection is closed") }
            guard !state.draining else { throw NATSError(.draining, "the connection is being drained") }
            let id = state.newID()
            state.subscriptions[id] = Subscription(subject: subject, queueGroup: queueGroup, target: target)
            guard case .connected = state.phase else { return (id, false) }
            state.outgoing.append(.subscribe(id: id))
            return (id, Self.scheduleWriter(&state))
        }
        if schedule { queue.async { self.write() } }
        return id
    }

    /// Ends a subscription; its target is told when nothing more can come. `drain`: what the server has already sent
    /// is still delivered.
    func endSubscription(_ id: UInt64, drain: Bool) {
        let (target, schedule): ((any MessageTarget)?, Bool) = state.withLock { state in
            guard let subscription = state.subscriptions.removeValue(forKey: id) else { return (nil, false) }
            guard case .connected = state.phase else { return (subscription.target, false) }
            state.ending[id] = subscription.target
            state.outgoing.append(.unsubscribe(id: id, drain: drain))
            return (nil, Self.scheduleWriter(&state))
        }
        target?.finish()
        if schedule { queue.async { self.write() } }
    }
}
