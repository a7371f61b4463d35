import Dispatch
public import Logging
import Synchronization

/// A connection to NATS that reconnects for ever.
///
/// Nothing is kept to be sent later: while there is no connection, publishing fails with `disconnected`, and whoever
/// waits for an answer when the connection is lost gets that error at once. Subscriptions come back by themselves.
///
/// No call blocks a thread of Swift's pool. Dropping the last reference closes the connection; prefer
/// ``drain(timeout:)`` or ``close()``.
public final class NATSConnection: Sendable {
    let core: ConnectionCore

    private init(core: ConnectionCore) {
        self.core = core
    }

    deinit {
        core.shutDown()
    }

    /// Connects to one of the servers. With ``NATSConfiguration/retryInitialConnect`` it returns at once, and goes on
    /// trying until there is a connection; else it throws `connectFailed` or `authorization`, naming the servers.
    /// A setting that cannot work, such as a file that cannot be read, throws `invalidArgument` in both cases.
    public static func connect(_ configuration: NATSConfiguration, logger: Logger) async throws(NATSError)
        -> NATSConnection
    {
        let connection = NATSConnection(core: ConnectionCore(configuration, logger: logger))
        let core = connection.core
        let first: Result<Void, NATSError> = await withCheckedContinuation { continuation in
            core.queue.async {
                if configuration.retryInitialConnect { continuation.resume(returning: core.validate()) }
                do throws(NATSError) {
                    try core.open()
                    if !configuration.retryInitialConnect { continuation.resume(returning: .success(())) }
                } catch {
                    if configuration.retryInitialConnect {
                        core.reconnect(attempt: 1)
                    } else {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        }
        try first.get()
        return connection
    }

    /// True while there is a connection to a server, as far as is known: a server that vanished without a word is
    /// noticed after ``NATSConfiguration/pingInterval`` × ``NATSConfiguration/maxPingsOut``.
    public var isConnected: Bool {
        core.state.withLock { if case .connected = $0.phase { true } else { false } }
    }

    /// The URL of the server, without credentials; nil while there is no connection.
    public var connectedURL: String? {
        core.state.withLock { if case .connected(let session) = $0.phase { session.url } else { nil } }
    }

    /// The most that headers and payload of one message may have together, in bytes; nil while not connected.
    public var maxPayload: Int? {
        core.state.withLock { if case .connected(let session) = $0.phase { session.maxPayload } else { nil } }
    }

    /// What happens to the connection from now on. The first event says how it is now, the last is `closed`. Of what is
    /// not read, the newest 256 are kept.
    public func events() -> AsyncStream<NATSConnectionEvent> {
        let (stream, continuation) = AsyncStream<NATSConnectionEvent>.makeStream(
            bufferingPolicy: .bufferingNewest(256))
        let id: UInt64? = core.state.withLock { state in
            switch state.phase {
            case .connected(let session): continuation.yield(.connected(url: session.url))
            case .disconnected(let reason): continuation.yield(.disconnected(reason: reason))
            case .closed:
                continuation.yield(.closed)
                continuation.finish()
                return nil
            }
            let id = state.newID()
            state.events[id] = continuation
            return id
        }
        if let id {
            continuation.onTermination = { [weak core] _ in
                // Not in this call: it may come from a yield or finish under the lock.
                guard let core else { return }
                core.queue.async { core.state.withLock { _ = $0.events.removeValue(forKey: id) } }
            }
        }
        return stream
    }

    /// Waits for a connection. False when the time is over, the connection was closed or the task cancelled.
    public func waitUntilConnected(timeout: Duration) async -> Bool {
        await core.waitUntilConnected(timeout: timeout)
    }

    /// Hands a message to the connection. That it returns does not mean that the server has it: core NATS delivers at
    /// most once (JetStream's publishing is ``JetStreamContext/publish(_:)``).
    ///
    /// Throws `disconnected`, `closed`, `invalidArgument`, `payloadTooLarge`, `outgoingFull`.
    public func publish(
        _ subject: String, headers: NATSHeaders = [:], payload: [UInt8] = [], reply: String? = nil
    ) throws(NATSError) {
        if let reply, !NATSSubject.isValidForPublishing(reply) {
            throw NATSError(.invalidArgument, "not a subject to reply to: \(reply)")
        }
        let bytes = try core.check(
            subject: subject, headers: headers, payload: payload.count, maxPayload: core.maxPayload())
        let message = NATSMessage(subject: subject, reply: reply, headers: headers, payload: payload)
        try core.send(bytes: bytes) { _ in .message(message, token: nil) }
    }

    /// Subscribes. With a queue group, each message goes to one of the group's members. While there is no connection
    /// the subscription is made with the next one.
    ///
    /// Throws `invalidArgument`, `closed`, `draining`.
    public func subscribe(_ subject: String, queue: String? = nil) throws(NATSError) -> NATSSubscription {
        guard NATSSubject.isValidForSubscribing(subject) else {
            throw NATSError(.invalidArgument, "not a subject to subscribe to: \(subject)")
        }
        if let queue, !NATSSubject.isValidName(queue) {
            throw NATSError(.invalidArgument, "not a queue group: \(queue)")
        }
        return try NATSSubscription(subject, queueGroup: queue, connection: self)
    }

    /// Publishes a request and returns the first answer.
    ///
    /// Throws what ``publish(_:headers:payload:reply:)`` throws, and `timeout`, `noResponders`, `cancelled`.
    public func request(
        _ subject: String, headers: NATSHeaders = [:], payload: [UInt8] = [], timeout: Duration = .seconds(5)
    ) async throws(NATSError) -> NATSMessage {
        let bytes = try core.check(
            subject: subject, headers: headers, payload: payload.count, maxPayload: core.maxPayload())
        let message = NATSMessage(subject: subject, headers: headers, payload: payload)
        let receiver = RequestReceiver(subject: subject)
        let token = try core.send(bytes: bytes, receiver: receiver) { .message(message, token: $0) }
        return try await core.wait(for: receiver.answer, token: token, timeout: timeout) {
            "no answer on \(subject) within \(timeout)"
        }
    }

    /// Waits until the server has taken everything sent so far.
    public func flush(timeout: Duration = .seconds(5)) async throws(NATSError) {
        let promise = Promise<Result<Void, NATSError>>()
        let deadline = ContinuousClock.now + timeout
        try core.send(bytes: 0) { _ in .flush(promise, deadline: deadline) }
        try await withTaskCancellationHandler {
            await promise.value
        } onCancel: {
            promise.resolve(.failure(NATSError(.cancelled, "flush")))
        }.get()
    }

    /// Ends in order: unsubscribes, lets what has come be read, waits for the answers that are due and for the server
    /// to have got everything, then closes; after `timeout` (or if the task is cancelled) it closes anyway.
    ///
    /// A loop over a ``NATSSubscription`` ends by itself when it has read the last message, and may publish until then.
    public func drain(timeout: Duration = .seconds(10)) async {
        await core.drain(timeout: timeout)
    }

    /// Closes at once. Whoever waits for an answer gets `closed`; loops over subscriptions end.
    public func close() async {
        await withCheckedContinuation { continuation in core.shutDown { continuation.resume() } }
    }
}
