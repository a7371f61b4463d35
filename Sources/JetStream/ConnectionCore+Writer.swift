import CNATS
import Dispatch
import Synchronization

/// The writer: runs on `queue`.
extension ConnectionCore {
    /// Writes what is queued until nothing is left.
    func write() {
        while true {
            let work: (session: NATSSession, items: [WriteItem])? = state.withLock { state in
                guard case .connected(let session) = state.phase, !state.outgoing.isEmpty else {
                    state.writerScheduled = false
                    return nil
                }
                defer {
                    state.outgoing = []
                    state.outgoingBytes = 0
                }
                return (session, state.outgoing)
            }
            guard let work else { return settle() }
            guard write(work.items, to: work.session) else { continue }
            if work.session.socket != nil, work.items.allSatisfy(\.isWindow) { continue }
            // libnats sends its buffer a millisecond later by itself. Who waits for an answer to the last message
            // should not wait for that; a ping is the way to send the buffer at once. The time-out is for its pong,
            // which nobody needs.
            if state.withLock({ $0.outgoing.isEmpty }), handles.withLock({ $0.draining == nil }) {
                natsConnection_FlushTimeout(work.session.pointer, 1)
            }
        }
    }

    /// False if the session is lost.
    private func write(_ items: [WriteItem], to session: NATSSession) -> Bool {
        var writer = NATSWriter(session, inbox: inbox, timeout: configuration.writeTimeout)
        for (index, item) in items.enumerated() {
            let status: natsStatus
            switch item {
            case .message(let message, let token):
                status = writer.write(message, token: token)
            case .window(let messages, let token, let kind):
                status = writer.write(messages, token: token, kind: kind)
            case .subscribe(let id):
                status = subscribe(id, in: session)
            case .unsubscribe(let id, let drain):
                status = unsubscribe(id, drain: drain, in: session)
            case .flush(let promise, let deadline):
                status = flush(session, promise, deadline)
            }
            guard status != NATS_OK else { continue }
            // Part of a message may have been written: nothing may follow it on this socket.
            let reason = "write: \(NATSLibrary.lastError(status))"
            sessionLost(session.generation, reason: reason)
            fail([], items[(index + 1)...], NATSError(.disconnected, reason))
            return false
        }
        return true
    }

    /// Waits for the server's pong, for a short while at a time so that others may write in between.
    ///
    /// Two flushes of one connection at the same time must not be: libnats 3.4.1 keeps one `natsPong` for reuse, and a
    /// second flush takes it before the first has woken up; the first then removes it, and the second waits in vain
    /// for its whole time. All our flushes are made here, on `queue`; a drain makes one on a thread of its own, so one
    /// subscription is drained at a time, and no flush is made meanwhile.
    private func flush(
        _ session: NATSSession, _ promise: Promise<Result<Void, NATSError>>, _ deadline: ContinuousClock.Instant
    ) -> natsStatus {
        guard !promise.isResolved else { return NATS_OK }
        let rest = ContinuousClock.now.duration(to: deadline)
        guard rest > .zero else {
            promise.resolve(.failure(NATSError(.timeout, "flush: no answer of the server")))
            return NATS_OK
        }
        let isDraining = handles.withLock { $0.draining != nil }
        let status =
            isDraining
            ? NATS_TIMEOUT
            : natsConnection_FlushTimeout(session.pointer, min(rest, .milliseconds(50)).wholeMilliseconds)
        switch status {
        case NATS_OK:
            promise.resolve(.success(()))
        case NATS_TIMEOUT:
            let item = WriteItem.flush(promise, deadline: deadline)
            let isLost = state.withLock { state in
                guard case .connected = state.phase else { return true }
                if isDraining { state.parked.append(item) } else { state.outgoing.append(item) }
                return false
            }
            if isLost { promise.resolve(.failure(NATSError(.disconnected, "flush: connection lost"))) }
        default:
            promise.resolve(.failure(NATSError(.disconnected, "flush: \(NATSLibrary.text(status))")))
            return status
        }
        return NATS_OK
    }

    /// Makes the library's subscription for one of ours, unless that is over already.
    func subscribe(_ id: UInt64, in session: NATSSession) -> natsStatus {
        guard let subscription = state.withLock({ $0.subscriptions[id] }) else { return NATS_OK }
        let key = Handles.Key(generation: session.generation, id: id)
        guard handles.withLock({ $0.subscriptions[key] == nil }) else { return NATS_OK }
        let box = SubscriptionBox(target: subscription.target) { self.completed(key) }
        let closure = box.retain()
        var created: OpaquePointer?
        let status =
            if let group = subscription.queueGroup {
                natsConnection_QueueSubscribe(
                    &created, session.pointer, subscription.subject, group, NATSCallbacks.message, closure)
            } else {
                natsConnection_Subscribe(
                    &created, session.pointer, subscription.subject, NATSCallbacks.message, closure)
            }
        guard status == NATS_OK, let created else {
            SubscriptionBox.release(closure)
            return status
        }
        // Our targets take messages without blocking and bound their own buffers.
        natsSubscription_SetPendingLimits(created, -1, -1)
        guard natsSubscription_SetOnCompleteCB(created, NATSCallbacks.completed, closure) == NATS_OK else {
            // The connection was closed in between. The delivery thread may still look at the box, so it lives until
            // the connection's closed callback.
            natsSubscription_Destroy(created)
            handles.withLock { $0.orphans[session.generation, default: []].append(box) }
            SubscriptionBox.release(closure)
            return NATS_CONNECTION_CLOSED
        }
        let handle = CPointer(raw: created)
        handles.withLock { $0.subscriptions[key] = handle }
        return NATS_OK
    }

    private func unsubscribe(_ id: UInt64, drain: Bool, in session: NATSSession) -> natsStatus {
        let key = Handles.Key(generation: session.generation, id: id)
        guard let handle = handles.withLock({ $0.subscriptions[key] }) else {
            finished(id)
            return NATS_OK
        }
        if drain {
            handles.withLock { $0.drainingNext.append(key) }
            return drainNext()
        }
        let status = natsSubscription_Unsubscribe(handle.raw)
        return status == NATS_CONNECTION_CLOSED ? NATS_OK : status
    }

    /// Drains the next subscription, if none is being drained: libnats sends UNSUB, waits until the server has got it,
    /// and delivers what had come before. It does so in the background.
    private func drainNext() -> natsStatus {
        while true {
            let next: (Handles.Key, CPointer)? = handles.withLock { handles in
                guard handles.draining == nil else { return nil }
                while !handles.drainingNext.isEmpty {
                    let key = handles.drainingNext.removeFirst()
                    guard let handle = handles.subscriptions[key] else { continue }
                    handles.draining = key
                    return (key, handle)
                }
                return nil
            }
            guard let (key, handle) = next else { return NATS_OK }
            let status = natsSubscription_Drain(handle.raw)
            guard status != NATS_OK else { return NATS_OK }
            handles.withLock { if $0.draining == key { $0.draining = nil } }
            // Closed with its connection: its on-complete callback says so by itself.
            guard status == NATS_CONNECTION_CLOSED || status == NATS_INVALID_SUBSCRIPTION else { return status }
        }
    }

    /// The on-complete callback: the delivery thread is done with this subscription.
    private func completed(_ key: Handles.Key) {
        finished(key.id)
        queue.async {
            let handle = self.handles.withLock { handles in
                if handles.draining == key { handles.draining = nil }
                return handles.subscriptions.removeValue(forKey: key)
            }
            if let handle { natsSubscription_Destroy(handle.raw) }
            _ = self.drainNext()
            if self.handles.withLock({ $0.draining == nil }) { self.unpark() }
        }
    }

    /// Lets the flushes go on that waited for a drain.
    private func unpark() {
        let schedule = state.withLock { state in
            guard !state.parked.isEmpty else { return false }
            state.outgoing += state.parked
            state.parked = []
            return Self.scheduleWriter(&state)
        }
        if schedule { queue.async { self.write() } }
    }

    /// Tells a subscription that was ended by us that nothing more comes.
    private func finished(_ id: UInt64) {
        guard let target = state.withLock({ $0.ending.removeValue(forKey: id) }) else { return }
        target.finish()
        settle()
    }
}
