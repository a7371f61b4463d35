import Metrics
import Synchronization

/// The messages of one subscription, for one loop. Ends when it is unsubscribed or the connection is drained or
/// closed; goes on over reconnects (what is published in between is not seen).
///
/// It holds up to ``NATSConfiguration/subscriptionBuffer`` messages for a loop that is slower than they come; further
/// ones are dropped, counted in ``dropped`` and told by ``NATSConnection/events()``. Dropping the last reference
/// unsubscribes.
public final class NATSSubscription: AsyncSequence, Sendable {
    public typealias Element = NATSMessage
    public typealias Failure = Never

    public let subject: String
    private let connection: NATSConnection
    private let target: SubscriptionTarget
    private let id: UInt64

    init(_ subject: String, queueGroup: String?, connection: NATSConnection) throws(NATSError) {
        self.subject = subject
        self.connection = connection
        target = SubscriptionTarget(subject: subject, core: connection.core)
        id = try connection.core.startSubscription(subject, queueGroup: queueGroup, target)
    }

    deinit {
        target.giveUp()
        connection.core.endSubscription(id, drain: false)
    }

    /// How many messages were dropped because the buffer was full.
    public var dropped: Int { target.dropped.load(ordering: .relaxed) }

    /// Unsubscribes. What the server has already sent is still delivered, then the loop ends.
    public func unsubscribe() {
        connection.core.endSubscription(id, drain: true)
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            base: target.stream.makeAsyncIterator(), lease: ReaderLease(core: connection.core), target: target)
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncStream<NATSMessage>.Iterator
        let lease: ReaderLease
        fileprivate let target: SubscriptionTarget

        /// The next message; nil at the end, or when the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> NATSMessage? {
            guard let message = await base.next(isolation: actor) else {
                lease.end()
                return nil
            }
            target.wasRead()
            return message
        }
    }
}

/// Counts as a reader of the connection, for which ``NATSConnection/drain(timeout:)`` waits, until it ends.
final class ReaderLease: Sendable {
    private let core: ConnectionCore
    private let open = Atomic(true)

    init(core: ConnectionCore) {
        self.core = core
        core.state.withLock { $0.readers += 1 }
    }

    deinit {
        end()
    }

    func end() {
        guard open.exchange(false, ordering: .relaxed) else { return }
        core.state.withLock { $0.readers -= 1 }
        core.settle()
    }
}

/// Fills the buffer of a ``NATSSubscription``.
private final class SubscriptionTarget: MessageTarget {
    private static let drops = Counter(label: "nats_slow_consumer_dropped_total")

    let stream: AsyncStream<NATSMessage>
    let dropped = Atomic(0)
    /// In the buffer. Shortly negative when a message is read before it is counted.
    private let waiting = Atomic(0)
    private let continuation: AsyncStream<NATSMessage>.Continuation
    private let subject: String
    private let core: ConnectionCore

    init(subject: String, core: ConnectionCore) {
        self.subject = subject
        self.core = core
        (stream, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingOldest(core.configuration.subscriptionBuffer))
    }

    func receive(_ message: borrowing ReceivedMessage) {
        guard case .dropped = continuation.yield(message.message) else {
            waiting.add(1, ordering: .relaxed)
            return
        }
        Self.drops.increment()
        // Told once, not for each message of a flood.
        if dropped.add(1, ordering: .relaxed).oldValue == 0 {
            core.reported(NATSError(.slowConsumer, "the reader of \(subject) is too slow: messages are dropped"))
        }
    }

    func finish() {
        continuation.finish()
    }

    var unread: Int { max(0, waiting.load(ordering: .relaxed)) }

    func wasRead() {
        waiting.subtract(1, ordering: .relaxed)
    }

    /// Nobody will read what is left.
    func giveUp() {
        waiting.store(Int.min / 2, ordering: .relaxed)
        core.settle()
    }
}
