import Dispatch
import Logging
import Synchronization

/// The machinery behind ``NATSConnection``: the current session, what waits to be written, who waits for answers.
///
/// Threads: public calls only take the mutex and append to `outgoing`, so they never block a task's thread. Everything
/// that may block (connect, write, flush, unsubscribe, close) runs on `queue`. Callbacks of libnats come on its own
/// threads and only take the mutex. The state lives on until ``shutDown(_:)``, although nobody holds the connection.
final class ConnectionCore: Sendable {
    enum Phase {
        case disconnected(reason: String)
        case connected(NATSSession)
        case closed
    }

    struct Subscription {
        let subject: String
        let queueGroup: String?
        let target: any MessageTarget
    }

    struct State {
        var phase = Phase.disconnected(reason: "not connected yet")
        var everConnected = false
        var draining = false
        var generation: UInt64 = 0
        var nextID: UInt64 = 1

        var outgoing: [WriteItem] = []
        var outgoingBytes = 0
        var writerScheduled = false
        /// Flushes that wait for the end of a drain.
        var parked: [WriteItem] = []

        /// Who waits for answers, by token.
        var receivers: [UInt64: any ReplyReceiver] = [:]
        var subscriptions: [UInt64: Subscription] = [:]
        /// Unsubscribed, but messages may still come.
        var ending: [UInt64: any MessageTarget] = [:]
        /// Loops over subscriptions that have not come to their end.
        var readers = 0

        var events: [UInt64: AsyncStream<NATSConnectionEvent>.Continuation] = [:]
        var connectedWaiters: [UInt64: Promise<Bool>] = [:]
        var idleWaiters: [Promise<Void>] = []
        /// The server's last complaint, to explain a time-out with.
        var lastReport: (text: String, at: ContinuousClock.Instant)?

        /// The subscriptions that were ended by ``ConnectionCore/drain(timeout:)``.
        var drained: [any MessageTarget] = []

        var isIdle: Bool {
            outgoing.isEmpty && receivers.isEmpty && ending.isEmpty && readers == 0
                && drained.allSatisfy { $0.unread == 0 }
        }

        mutating func newID() -> UInt64 {
            defer { nextID += 1 }
            return nextID
        }
    }

    /// What only `queue` uses (in a mutex because the compiler cannot know that): the library's subscriptions.
    struct Handles {
        var subscriptions: [Key: CPointer] = [:]
        /// The subscription that libnats drains now, and those that are next. One at a time: see ``flush(_:_:_:)``.
        var draining: Key?
        var drainingNext: [Key] = []
        /// Boxes whose on-complete callback could not be set, because the connection was lost just then.
        var orphans: [UInt64: [SubscriptionBox]] = [:]

        struct Key: Hashable {
            let generation: UInt64
            let id: UInt64
        }
    }

    let configuration: NATSConfiguration
    let logger: Logger
    /// The inbox of this connection, with the final dot: replies come to `<inbox><token>` or `<inbox><token>.<index>`.
    let inbox: String
    let queue = DispatchQueue(label: "nats.connection")
    let timeouts = TimeoutQueue()
    let state = Mutex(State())
    let handles = Mutex(Handles())

    /// The id of the inbox subscription; the others count from 1.
    static let inboxSubscription: UInt64 = 0

    init(_ configuration: NATSConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        inbox = "\(configuration.inboxPrefix).\(NATSLibrary.uniqueToken())."
        state.withLock { state in
            // A cycle until ``shutDown(_:)``, which the connection's deinit makes sure of.
            state.subscriptions[Self.inboxSubscription] = Subscription(
                subject: inbox + ">", queueGroup: nil, target: InboxTarget(core: self))
        }
    }

    // MARK: Sending

    /// Queues something to be written. With a receiver, its token is taken and answers go there; if the connection is
    /// lost before they come, it is failed.
    ///
    /// Refused while there is no connection: nothing is kept to be sent later. What is still queued when the
    /// connection is lost is dropped, so nothing that a caller was told is lost can reach the server afterwards, save
    /// what the kernel had already taken. (That is why a publisher that must not be late uses
    /// `Nats-Expected-Last-Sequence` as well.)
    @discardableResult
    func send(
        bytes: Int, receiver: (any ReplyReceiver)? = nil, _ item: (_ token: UInt64) -> WriteItem
    ) throws(NATSError) -> UInt64 {
        let (token, schedule) = try state.withLock { (state) throws(NATSError) -> (UInt64, Bool) in
            _ = try Self.session(state)
            guard state.outgoingBytes + bytes <= configuration.maxOutgoingBytes else {
                throw NATSError(.outgoingFull, "\(state.outgoingBytes) bytes wait to be written")
            }
            var token: UInt64 = 0
            if let receiver {
                token = state.newID()
                state.receivers[token] = receiver
            }
            state.outgoing.append(item(token))
            state.outgoingBytes += bytes
            return (token, Self.scheduleWriter(&state))
        }
        if schedule { queue.async { self.write() } }
        return token
    }

    /// Unique among the batches that a stream takes at once; short, because each of their messages carries it.
    func newBatchID() -> String {
        let number = state.withLock { $0.newID() }
        return "\(inbox.dropLast().suffix(12))-\(number)"
    }

    /// Ends the wait for answers to a token: its receiver gets the error. Nothing happens if it is complete already.
    func abandon(_ token: UInt64, _ error: NATSError) {
        guard let receiver = state.withLock({ $0.receivers.removeValue(forKey: token) }) else { return }
        receiver.fail(error)
        settle()
    }

    /// Checks what the server would punish with the end of the connection; returns the bytes it takes.
    func check(subject: String, headers: NATSHeaders, payload: Int, maxPayload: Int) throws(NATSError) -> Int {
        guard NATSSubject.isValidForPublishing(subject) else {
            throw NATSError(.invalidArgument, "not a subject to publish to: \(subject)")
        }
        if let field = headers.fields.first(where: { !NATSSubject.isValidHeader($0) }) {
            throw NATSError(.invalidArgument, "not a header that can be sent: \(field.name)")
        }
        let size = headers.encodedSize + payload
        guard size <= maxPayload else {
            throw NATSError(.payloadTooLarge, "\(size) bytes for \(subject); the server takes \(maxPayload)")
        }
        return size + subject.utf8.count + inbox.utf8.count + 48
    }

    /// The current session's limit for headers and payload; throws if there is no session.
    func maxPayload() throws(NATSError) -> Int {
        try state.withLock { (state) throws(NATSError) -> Int in try Self.session(state).maxPayload }
    }

    static func session(_ state: State) throws(NATSError) -> NATSSession {
        switch state.phase {
        case .connected(let session): return session
        case .disconnected(let reason): throw NATSError(.disconnected, reason)
        case .closed: throw NATSError(.closed, "the connection is closed")
        }
    }

    static func scheduleWriter(_ state: inout State) -> Bool {
        guard !state.writerScheduled else { return false }
        state.writerScheduled = true
        return true
    }

    // MARK: Receiving

    /// An answer that came to the inbox, on the library's thread.
    func receiveReply(_ message: borrowing ReceivedMessage) {
        let skip = inbox.utf8.count
        guard let (token, index) = message.withSubject({ Self.parseToken($0.dropFirst(skip)) }) else { return }
        guard let receiver = state.withLock({ $0.receivers[token] }) else { return }
        guard receiver.receive(message, index: index) else { return }
        state.withLock { _ = $0.receivers.removeValue(forKey: token) }
        settle()
    }

    static func parseToken(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> (token: UInt64, index: Int)? {
        var token: UInt64 = 0
        var index: Int?
        guard !bytes.isEmpty else { return nil }
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard index == nil else { return nil }
                index = 0
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = byte - UInt8(ascii: "0")
            if let value = index {
                index = value &* 10 &+ Int(digit)
            } else {
                token = token &* 10 &+ UInt64(digit)
            }
        }
        return (token, index ?? 0)
    }

    /// Wakes who waits for everything to be answered and read (``drain(timeout:)``).
    func settle() {
        let waiters: [Promise<Void>] = state.withLock { state in
            guard !state.idleWaiters.isEmpty, state.isIdle else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resolve(()) }
    }

    // MARK: Events

    func emit(_ event: NATSConnectionEvent) {
        let continuations = state.withLock { Array($0.events.values) }
        for continuation in continuations { continuation.yield(event) }
    }

    /// An error that libnats reports on its own account.
    func reported(_ error: NATSError) {
        state.withLock { $0.lastReport = (error.message, .now) }
        logger.warning("NATS reported an error", metadata: ["nats.error": "\(error)"])
        emit(.error(error))
    }

    /// The server's last complaint if it came lately, to be added to a time-out's message: a refused permission makes
    /// itself felt as a time-out only.
    var hint: String {
        state.withLock { state in
            guard let report = state.lastReport, report.at.duration(to: .now) < .seconds(10) else { return "" }
            return " (the server said: \(report.text))"
        }
    }
}

/// The subscription to the inbox.
private struct InboxTarget: MessageTarget {
    let core: ConnectionCore

    func receive(_ message: borrowing ReceivedMessage) { core.receiveReply(message) }
    func finish() {}
}
