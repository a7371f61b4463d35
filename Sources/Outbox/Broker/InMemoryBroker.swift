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
        /// The message at this index is refused for good.
        case unacceptable(index: Int)
        /// The stream takes nothing.
        case unavailable
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
    }

    private struct State {
        var streams: [String: Stream] = [:]
        var isAway = false
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

    public func publish(
        _ messages: [LedgerMessage], to stream: String, after sequence: UInt64
    ) async -> any PendingPublish {
        let fault = fault(stream, messages)
        return Settled(
            value: state.withLock { state in
                if state.isAway { return .unknown("away") }
                switch fault {
                case .none:
                    return Self.store(messages, in: &state.streams[stream, default: Stream()], after: sequence)
                case .lost:
                    return .unknown("lost")
                case .storedButUnacknowledged(let count):
                    _ = Self.store(
                        Array(messages.prefix(count)), in: &state.streams[stream, default: Stream()], after: sequence)
                    return .unknown("acknowledgement lost")
                case .unacceptable(let index):
                    let index = min(index, messages.count - 1)
                    let before = Self.store(
                        Array(messages.prefix(index)), in: &state.streams[stream, default: Stream()], after: sequence)
                    if case .refused = before { return before }
                    return .refused(index: index, .unacceptable("refused on demand"))
                case .unavailable:
                    return .refused(index: 0, .unavailable("on demand"))
                }
            })
    }

    private static func store(
        _ messages: [LedgerMessage], in stream: inout Stream, after sequence: UInt64
    ) -> PublishOutcome {
        var expected = sequence
        for (index, message) in messages.enumerated() {
            if let known = stream.sequenceByID[message.messageID] {
                return .refused(index: index, .duplicate(sequence: known))
            }
            guard stream.lastSequence == expected else { return .refused(index: index, .wrongSequence) }
            expected += 1
            stream.lastSequence = expected
            stream.messages.append(Stored(sequence: expected, message: message))
            stream.sequenceByID[message.messageID] = expected
        }
        return .stored(lastSequence: expected)
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

    /// The stream is deleted and made anew.
    public func recreate(_ stream: String) {
        state.withLock { $0.streams[stream] = Stream() }
    }

    private struct Settled: PendingPublish {
        let value: PublishOutcome
        func outcome() async -> PublishOutcome { value }
    }
}
