public import JetStream
public import Outbox
import Synchronization

/// The outbox's broker on JetStream: fenced, ordered publishing for relays, durable pull consumers for services.
public final class JetStreamBroker: RelayBroker, ConsumerBroker {
    /// When a batch is stored in one step instead of message by message.
    public enum AtomicBatches: Sendable, Hashable {
        case never
        /// From so many messages on, where the stream allows it (`allow_atomic`, servers from 2.12 on). A server that
        /// syncs before it acknowledges does so once a batch then, instead of once a message.
        case from(Int)

        /// - Parameter least: from so many messages on; 0 for never.
        public init(from least: Int) {
            self = least == 0 ? .never : .from(least)
        }
    }

    /// The header with a message's place in the ledger.
    public static let positionHeader = "Outbox-Position"
    static let traceparentHeader = "traceparent"

    /// How a batch is published.
    private enum Way {
        /// Each message is answered.
        case single
        /// Each message is refused unless the one before it was stored; only the last one is answered.
        case chained
        case atomic
    }

    /// The most messages of others behind the relay's last one that are stepped over, one request each.
    private static let mostForeign = 10_000

    /// From so many messages on the answers that are saved matter. Below, it is worth more to be told of each message.
    private static let leastChained = 32

    /// What was last seen of a stream.
    private struct Traits {
        var subjects: [String] = []
        var allowsAtomic = false
        /// Batches to publish message by message, because one was refused as a whole: so the culprit is found.
        var singleBatchesLeft = 0
    }

    private let context: JetStreamContext
    private let atomicBatches: AtomicBatches
    private let publishTimeout: Duration
    private let traits = Mutex<[String: Traits]>([:])

    /// - Parameters:
    ///   - connection: to NATS; its user must be the only one who may publish to the streams.
    ///   - atomicBatches: when batches are stored in one step.
    ///   - publishTimeout: how long the acknowledgement of a batch may take before its outcome counts as unknown.
    public init(
        _ connection: NATSConnection, atomicBatches: AtomicBatches = .from(32),
        publishTimeout: Duration = .seconds(10)
    ) {
        self.context = JetStreamContext(connection)
        self.atomicBatches = atomicBatches
        self.publishTimeout = publishTimeout
    }

    // MARK: - RelayBroker

    public func tail(of stream: String) async throws -> StreamTail {
        let info = try await info(of: stream)
        let sequence = info.state.lastSequence
        guard sequence > 0 else { return StreamTail(sequence: 0, position: nil) }
        guard var message = try await context.message(stream: stream, sequence: sequence) else {
            return StreamTail(sequence: sequence, position: nil)
        }
        // Somebody else's messages stand behind the relay's last one. They count in the sequence, but none is a row.
        var steps = 0
        while message.headers[Self.positionHeader] == nil {
            var earlier: StoredMessage?
            var at = message.sequence
            while earlier == nil, at > max(info.state.firstSequence, 1) {
                steps += 1
                guard steps <= Self.mostForeign else { throw TooManyForeignMessages(stream: stream) }
                at -= 1
                earlier = try await context.message(stream: stream, sequence: at)
            }
            guard let earlier else { return StreamTail(sequence: sequence, position: 0) }
            message = earlier
        }
        return StreamTail(
            sequence: sequence, position: message.headers[Self.positionHeader].flatMap(Int64.init),
            event: message.payload)
    }

    public func extent(of stream: String, beyond known: UInt64) async throws -> StreamExtent {
        let info = try await info(of: stream)
        return StreamExtent(lastSequence: info.state.lastSequence, head: try await head(info, beyond: known))
    }

    private func head(_ info: StreamInfo, beyond known: UInt64) async throws -> StreamHead? {
        let state = info.state
        let first = state.messages == 0 ? state.lastSequence + 1 : state.firstSequence
        guard state.lastSequence > 0, first > known else { return nil }
        let retention = StreamHead.Retention(info.configuration)
        guard state.messages > 0 else {
            return StreamHead(sequence: first, position: nil, event: nil, retention: retention)
        }
        // Somebody else's message says nothing of the ledger. Then the beginning is looked at another time.
        guard let message = try await context.message(stream: info.configuration.name, sequence: first),
            let position = message.headers[Self.positionHeader].flatMap(Int64.init)
        else { return nil }
        return StreamHead(sequence: first, position: position, event: message.payload, retention: retention)
    }

    public func publish(
        _ messages: [LedgerMessage], to stream: String, after sequence: UInt64
    ) async -> any PendingPublish {
        let way = way(messages.count, stream)
        let wire = messages.enumerated().map { index, message in
            let expected = way == .atomic && index > 0 ? nil : sequence + UInt64(index)
            return Self.wireMessage(message, stream: stream, expecting: expected)
        }
        guard way != .single else {
            let acks = context.publishPipelined(wire, timeout: publishTimeout)
            return PipelinedPublish(acks: acks, after: sequence) { [self] index in
                await refusal(ofUnanswered: messages[index].subject, stream: stream)
            }
        }
        return BatchPublish(
            batch: way == .atomic
                ? context.publishAtomicallyPipelined(wire, timeout: publishTimeout)
                : context.publishChained(wire, timeout: publishTimeout),
            lastSequence: sequence + UInt64(messages.count),
            publishSingly: { [self] in publishSingly(stream) },
            isAtomic: way == .atomic)
    }

    // MARK: - ConsumerBroker

    public func subscription(stream: String, durable: String) async throws -> any ConsumerSubscription {
        do {
            _ = try await context.consumerInfo(stream: stream, durable)
        } catch {
            guard error.kind == .consumerNotFound || error.kind == .streamNotFound else { throw error }
            throw BrokerNotSetUp(what: "consumer \(durable) of stream \(stream)")
        }
        return JetStreamSubscription(consumer: context.pullConsumer(stream: stream, durable: durable))
    }

    // MARK: - Publishing

    private static func wireMessage(
        _ message: LedgerMessage, stream: String, expecting sequence: UInt64?
    ) -> JetStreamMessage {
        // Added one by one: each name comes once, and looking for it first costs as much as all else.
        var headers = NATSHeaders(capacity: 5)
        headers.add(positionHeader, String(message.position))
        if let traceparent = message.traceparent { headers.add(traceparentHeader, traceparent) }
        headers.add(JetStreamHeader.messageID, message.messageID)
        // In an atomic batch only the first message says where it belongs: one of another stream's is missing here, so
        // the batch is refused as a whole.
        if let sequence {
            headers.add(JetStreamHeader.expectedLastSequence, String(sequence))
            headers.add(JetStreamHeader.expectedStream, stream)
        }
        return JetStreamMessage(subject: message.subject, headers: headers, payload: message.payload)
    }

    private func way(_ count: Int, _ stream: String) -> Way {
        guard count >= Self.leastChained || Self.isAtomic(atomicBatches, count) else { return .single }
        return traits.withLock { all in
            var known = all[stream] ?? Traits()
            defer { all[stream] = known }
            guard known.singleBatchesLeft == 0 else {
                known.singleBatchesLeft -= 1
                return .single
            }
            if known.allowsAtomic, Self.isAtomic(atomicBatches, count) { return .atomic }
            return count >= Self.leastChained ? .chained : .single
        }
    }

    private static func isAtomic(_ batches: AtomicBatches, _ count: Int) -> Bool {
        switch batches {
        case .never: false
        case .from(let least):
            count >= max(2, least) && count <= JetStreamContext.maxAtomicBatch
        }
    }

    private func publishSingly(_ stream: String) {
        traits.withLock { $0[stream, default: Traits()].singleBatchesLeft = 16 }
    }

    /// Nobody answered: either no stream takes the subject, or JetStream is not up.
    private func refusal(ofUnanswered subject: String, stream: String) async -> PublishRefusal {
        let subjects = try? await info(of: stream).configuration.subjects
        guard let subjects, !subjects.contains(where: { SubjectPattern($0).matches(subject) }) else {
            return .unavailable("nobody answers on \(subject)")
        }
        return .unacceptable("the stream \(stream) does not take the subject \(subject)")
    }

    private func info(of stream: String) async throws -> StreamInfo {
        let info: StreamInfo
        do {
            info = try await context.streamInfo(stream)
        } catch {
            guard error.kind == .streamNotFound else { throw error }
            throw BrokerNotSetUp(what: "stream \(stream)")
        }
        traits.withLock { all in
            var known = all[stream] ?? Traits()
            known.subjects = info.configuration.subjects ?? []
            known.allowsAtomic = info.configuration.allowAtomic ?? false
            all[stream] = known
        }
        return info
    }
}

extension StreamHead.Retention {
    /// By the stream's configuration.
    init(_ stream: StreamConfiguration) {
        let hasOtherLimit = [stream.maxBytes, stream.maxMessages, stream.maxMessagesPerSubject].contains {
            ($0 ?? -1) > 0
        }
        if stream.retention ?? .limits != .limits || (hasOtherLimit && stream.discard ?? .old == .old) {
            self = .other
        } else if let age = stream.maxAge, age > .zero {
            self = .age(age)
        } else {
            self = .everything
        }
    }
}

/// Somebody else writes to the stream.
public struct TooManyForeignMessages: Error, CustomStringConvertible {
    let stream: String

    public var description: String {
        "the last messages of the stream \(stream) are not the relay's: only the relay's user may publish to it"
    }
}

/// A stream or consumer is missing.
public struct BrokerNotSetUp: Error, CustomStringConvertible {
    let what: String

    public var description: String { "there is no \(what): run `artesanos streams apply`" }
}
