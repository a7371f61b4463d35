import Synchronization

/// A broker in memory with JetStream's rules, for simulation: sequences, expected last sequence, dedupe by message id,
/// and faults on demand. Nothing in it is durable.
public final class InMemoryBroker: RelayBroker {
    /// What happens to a batch that is handed over.
    public enum Fault: Sendable, Equatable {
        case none
        /// Nothing arrives, and the outcome is unknown.
        case lost
        /// The first so many messages are stored, and the outcome is unknown.
        case storedButUnacknowledged(first: Int)
        /// It is on its way until its outcome is asked for, or ``InMemoryBroker/arrive(_:)``: then the first so many
        /// messages arrive. When those are not all, the outcome is unknown.
        case delayed(first: Int)
        /// It arrives twice.
        case duplicated
        /// The message at this index is refused; those before it arrive.
        case refused(index: Int, PublishRefusal)

        /// The message at this index is refused for good.
        public static func unacceptable(index: Int) -> Fault {
            .refused(index: index, .unacceptable("refused on demand"))
        }

        /// The stream takes nothing.
        public static let unavailable = Fault.refused(index: 0, .unavailable("on demand"))
    }

    /// A message as it is stored.
    public struct Stored: Sendable {
        public let sequence: UInt64
        public let message: LedgerMessage
    }

    private struct Stream {
        var lastSequence: UInt64 = 0
        var messages: [Stored] = []
        var sequenceByID: [String: UInt64] = [:]

        mutating func store(_ batch: some Sequence<LedgerMessage>, after sequence: UInt64) -> PublishOutcome {
            var expected = sequence
            for (index, message) in batch.enumerated() {
                if let known = sequenceByID[message.messageID] {
                    return .refused(index: index, .duplicate(sequence: known))
                }
                guard lastSequence == expected else { return .refused(index: index, .wrongSequence) }
                expected += 1
                lastSequence = expected
                messages.append(Stored(sequence: expected, message: message))
                sequenceByID[message.messageID] = expected
            }
            return .stored(lastSequence: expected)
        }
    }

    /// A batch that has been handed over and has not arrived.
    private struct Parcel {
        let number: Int
        let messages: [LedgerMessage]
        let stream: String
        let sequence: UInt64
        let arriving: Int
    }

    private struct State {
        var streams: [String: Stream] = [:]
        var isAway = false
        var underway: [Parcel] = []
        var outcomes: [Int: PublishOutcome] = [:]
        var parcels = 0

        mutating func store(_ messages: some Sequence<LedgerMessage>, to stream: String, after sequence: UInt64)
            -> PublishOutcome
        {
            streams[stream, default: Stream()].store(messages, after: sequence)
        }

        mutating func arrive(_ parcel: Parcel) {
            guard !isAway else {
                outcomes[parcel.number] = .unknown("away")
                return
            }
            let outcome = store(parcel.messages.prefix(parcel.arriving), to: parcel.stream, after: parcel.sequence)
            let isCut = parcel.arriving < parcel.messages.count
            if case .stored = outcome, isCut {
                outcomes[parcel.number] = .unknown("cut off")
            } else {
                outcomes[parcel.number] = outcome
            }
        }
    }

    /// The broker does not answer.
    public struct Away: Error {}

    private let state = Mutex(State())
    private let fault: @Sendable (String, [LedgerMessage]) -> Fault

    /// - Parameter fault: asked for each batch that is handed over.
    public init(fault: @escaping @Sendable (_ stream: String, _ batch: [LedgerMessage]) -> Fault = { _, _ in .none }) {
        self.fault = fault
    }

    public func tail(of stream: String) async throws -> StreamTail {
        try state.withLock { state in
            if state.isAway { throw Away() }
            let stream = state.streams[stream] ?? Stream()
            let last = stream.messages.last.flatMap { $0.sequence == stream.lastSequence ? $0 : nil }
            return StreamTail(
                sequence: stream.lastSequence, position: last?.message.position, event: last?.message.payload)
        }
    }

    public func extent(of stream: String, beyond known: UInt64) async throws -> StreamExtent {
        try state.withLock { state in
            if state.isAway { throw Away() }
            let stream = state.streams[stream] ?? Stream()
            let first = stream.messages.first
            let sequence = first?.sequence ?? stream.lastSequence + 1
            let head = StreamHead(
                sequence: sequence, position: first?.message.position, event: first?.message.payload,
                retention: .everything)
            return StreamExtent(
                lastSequence: stream.lastSequence, head: stream.lastSequence > 0 && sequence > known ? head : nil)
        }
    }

    public func publish(
        _ messages: [LedgerMessage], to stream: String, after sequence: UInt64
    ) async -> any PendingPublish {
        let fault = fault(stream, messages)
        return state.withLock { state -> any PendingPublish in
            if state.isAway { return Settled(value: .unknown("away")) }
            if case .delayed(let count) = fault {
                state.parcels += 1
                state.underway.append(
                    Parcel(
                        number: state.parcels, messages: messages, stream: stream, sequence: sequence, arriving: count))
                return Underway(broker: self, number: state.parcels)
            }
            return Settled(value: Self.publish(messages, to: stream, after: sequence, &state, fault))
        }
    }

    private static func publish(
        _ messages: [LedgerMessage], to stream: String, after sequence: UInt64, _ state: inout State, _ fault: Fault
    ) -> PublishOutcome {
        switch fault {
        case .none, .delayed:
            return state.store(messages, to: stream, after: sequence)
        case .lost:
            return .unknown("lost")
        case .storedButUnacknowledged(let count):
            _ = state.store(messages.prefix(count), to: stream, after: sequence)
            return .unknown("acknowledgement lost")
        case .duplicated:
            let outcome = state.store(messages, to: stream, after: sequence)
            _ = state.store(messages, to: stream, after: sequence)
            return outcome
        case .refused(let index, let refusal):
            let index = min(index, messages.count - 1)
            let before = state.store(messages.prefix(index), to: stream, after: sequence)
            if case .refused = before { return before }
            return .refused(index: index, refusal)
        }
    }

    /// Batches that have been handed over and have not arrived.
    public var underway: Int { state.withLock { $0.underway.count } }

    /// The oldest so many batches that are on their way arrive now.
    public func arrive(_ count: Int = .max) {
        state.withLock { state in
            let parcels = state.underway.prefix(count)
            state.underway.removeFirst(parcels.count)
            for parcel in parcels { state.arrive(parcel) }
        }
    }

    /// What is on its way never arrives.
    public func loseUnderway() {
        state.withLock { state in
            for parcel in state.underway { state.outcomes[parcel.number] = .unknown("lost") }
            state.underway = []
        }
    }

    private func outcome(of number: Int) -> PublishOutcome {
        state.withLock { state in
            if let index = state.underway.firstIndex(where: { $0.number == number }) {
                state.arrive(state.underway.remove(at: index))
            }
            return state.outcomes.removeValue(forKey: number) ?? .unknown("asked for twice")
        }
    }

    /// What the stream holds.
    public func messages(in stream: String) -> [Stored] {
        state.withLock { $0.streams[stream]?.messages ?? [] }
    }

    /// The broker stops or starts answering.
    public func setAway(_ isAway: Bool) {
        state.withLock { $0.isAway = isAway }
    }

    /// The stream forgets its last messages, as after a crash that lost what was not on disk yet.
    /// - Parameter keepsDedupe: whether message ids of what was lost are still remembered.
    public func loseTail(of stream: String, count: Int, keepsDedupe: Bool = false) {
        state.withLock { state in
            guard var known = state.streams[stream] else { return }
            let lost = known.messages.suffix(count)
            known.messages.removeLast(lost.count)
            known.lastSequence = known.messages.last?.sequence ?? (known.lastSequence - UInt64(lost.count))
            if !keepsDedupe { for message in lost { known.sequenceByID[message.message.messageID] = nil } }
            state.streams[stream] = known
        }
    }

    /// The stream's first messages are purged.
    public func purge(_ stream: String, count: Int = .max) {
        state.withLock { state in
            guard let known = state.streams[stream] else { return }
            state.streams[stream]?.messages.removeFirst(min(count, known.messages.count))
        }
    }

    /// The broker's dedupe forgets all message ids, as behind its window.
    public func forgetMessageIDs(of stream: String) {
        state.withLock { $0.streams[stream]?.sequenceByID = [:] }
    }

    /// The stream is deleted and made anew.
    public func recreate(_ stream: String) {
        state.withLock { $0.streams[stream] = Stream() }
    }

    private struct Settled: PendingPublish {
        let value: PublishOutcome
        func outcome() async -> PublishOutcome { value }
    }

    private struct Underway: PendingPublish {
        let broker: InMemoryBroker
        let number: Int
        func outcome() async -> PublishOutcome { broker.outcome(of: number) }
    }
}
