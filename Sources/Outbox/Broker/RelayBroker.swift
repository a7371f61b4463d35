/// What the relay needs of a broker: where a stream ends and begins, and fenced, ordered publishing.
///
/// Implemented by JetStream for production and by ``InMemoryBroker`` for simulation.
public protocol RelayBroker: Sendable {
    /// Where the stream ends, read from its leader (not from a follower that may lag).
    /// - Throws: any error; the relay waits and asks again.
    func tail(of stream: String) async throws -> StreamTail

    /// Both ends of the stream, for a look from time to time whether it is still what it was.
    /// - Parameter known: the first sequence that was seen last; the head is of interest only behind it.
    /// - Throws: any error; the relay waits and asks again.
    func extent(of stream: String, beyond known: UInt64) async throws -> StreamExtent

    /// Hands a batch to the broker, in order, and returns once it is handed over, before it is acknowledged.
    ///
    /// The first message is accepted only when `sequence` is the stream's last sequence, each further one only behind
    /// the one before it. So one refused message makes all behind it refused, in this batch and in those handed over
    /// after it: no hole, no reordering, and a second relay is fenced off.
    func publish(_ messages: [LedgerMessage], to stream: String, after sequence: UInt64) async -> any PendingPublish
}

/// A batch that was handed over.
public protocol PendingPublish: Sendable {
    /// Waits until every message of the batch is stored or the first one is known not to be.
    func outcome() async -> PublishOutcome
}

/// One row of the ledger as it goes to the broker.
public struct LedgerMessage: Sendable {
    /// The row's position, sent as the header `Outbox-Position`.
    public let position: Int64
    /// Names the ledger row (not the event) to the broker's own dedupe.
    public let messageID: String
    public let subject: String
    public let traceparent: String?
    /// The CloudEvent.
    public let payload: [UInt8]

    public init(position: Int64, messageID: String, subject: String, traceparent: String?, payload: [UInt8]) {
        self.position = position
        self.messageID = messageID
        self.subject = subject
        self.traceparent = traceparent
        self.payload = payload
    }
}

/// Where a stream ends.
public struct StreamTail: Sendable, Equatable {
    /// The last sequence that the stream has given out; 0 for a stream that never stored anything.
    public let sequence: UInt64
    /// The ledger position of the last message; nil when that message is not there any more (aged out, purged).
    public let position: Int64?
    /// That message's payload: the row that it is a copy of has the same text. Nil when it is not known.
    public let event: [UInt8]?

    public init(sequence: UInt64, position: Int64?, event: [UInt8]? = nil) {
        self.sequence = sequence
        self.position = position
        self.event = event
    }
}

/// Both ends of a stream.
public struct StreamExtent: Sendable, Equatable {
    /// As ``StreamTail/sequence``.
    public let lastSequence: UInt64
    /// Where the stream begins; nil when that is where it began before, or when it cannot be told.
    public let head: StreamHead?

    public init(lastSequence: UInt64, head: StreamHead?) {
        self.lastSequence = lastSequence
        self.head = head
    }
}

/// Where a stream begins, and what may go there without being missed.
public struct StreamHead: Sendable, Equatable {
    /// The first sequence that is there; the one behind the last when the stream is empty.
    public let sequence: UInt64
    /// The ledger position of that message; nil when the stream is empty.
    public let position: Int64?
    /// Its payload; nil when the stream is empty.
    public let event: [UInt8]?
    /// What the stream lets go by itself.
    public let retention: Retention

    /// What a stream lets go by itself.
    public enum Retention: Sendable, Equatable {
        /// Nothing: whatever is gone was taken.
        case everything
        /// What was stored longer ago than this, and nothing else.
        case age(Duration)
        /// By other rules (a number of messages or bytes, what consumers have had): what is gone tells nothing.
        case other
    }

    public init(sequence: UInt64, position: Int64?, event: [UInt8]?, retention: Retention) {
        self.sequence = sequence
        self.position = position
        self.event = event
        self.retention = retention
    }
}

/// How publishing a batch ended.
public enum PublishOutcome: Sendable, Equatable {
    /// All stored; the stream's last sequence is then this.
    case stored(lastSequence: UInt64)
    /// The message at this index was refused, and with it all behind it.
    case refused(index: Int, PublishRefusal)
    /// Not known: no answer in time, or the connection broke. The stream's tail tells.
    case unknown(String)
}

/// Why a message was refused.
public enum PublishRefusal: Sendable, Equatable {
    /// The stream's last sequence is another: somebody else published, or an earlier batch was refused.
    case wrongSequence
    /// The broker's dedupe knows a message of this id, stored as `sequence`: either an earlier copy of the same row
    /// arrived late, or the dedupe remembers what the stream has lost.
    case duplicate(sequence: UInt64)
    /// This message can never be stored: too large, or a subject that no stream takes.
    case unacceptable(String)
    /// The batch was refused as a whole for the sake of a message that is not named. Handed over again, it goes message
    /// by message, which tells.
    case indivisible(String)
    /// The stream takes nothing at the moment: full, no leader, not permitted.
    case unavailable(String)
}
