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
    }

    /// The header with a message's place in the ledger.
    public static let positionHeader = "Outbox-Position"
    static let traceparentHeader = "traceparent"

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
        _ connection: NATSConnection, atomicBatches: AtomicBatches = .from(64),
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
        let last = try await context.message(stream: stream, sequence: sequence)
        return StreamTail(
            sequence: sequence, position: last?.headers[Self.positionHeader].flatMap(Int64.init), event: last?.payload)
    }

    public func publish(
        _ messages: [LedgerMessage], to stream: String, after sequence: UInt64
    ) async -> any PendingPublish {
        if isAtomic(stream, count: messages.count), #available(macOS 26, *) {
            return publishAtomically(messages, to: stream, after: sequence)
        }
        let acks = context.publishPipelined(
            messages.enumerated().map { index, message in
                Self.wireMessage(message, stream: stream, expecting: sequence + UInt64(index))
            }, timeout: publishTimeout)
        return PipelinedPublish(acks: acks, after: sequence) { [self] index in
            await refusal(ofUnanswered: messages[index].subject, stream: stream)
        }
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

    /// The task starts at once, on this thread, so that the messages are on their way, in order, when this returns;
    /// its value is awaited by the relay.
    @available(macOS 26, *)
    private func publishAtomically(
        _ messages: [LedgerMessage], to stream: String, after sequence: UInt64
    ) -> any PendingPublish {
        let batch = messages.enumerated().map { index, message in
            Self.wireMessage(message, stream: stream, expecting: index == 0 ? sequence : nil)
        }
        let task = Task.immediate { [context, publishTimeout] () -> Result<PubAck, JetStreamError> in
            do throws(JetStreamError) {
                return .success(try await context.publishAtomically(batch, timeout: publishTimeout))
            } catch {
                return .failure(error)
            }
        }
        let last = sequence + UInt64(messages.count)
        return AtomicPublish(task: task, lastSequence: last) { [self] in publishSingly(stream) }
    }

    private static func wireMessage(
        _ message: LedgerMessage, stream: String, expecting sequence: UInt64?
    ) -> JetStreamMessage {
        var headers: NATSHeaders = [positionHeader: String(message.position)]
        if let traceparent = message.traceparent { headers[traceparentHeader] = traceparent }
        return JetStreamMessage(
            subject: message.subject, headers: headers, payload: message.payload, id: message.messageID,
            expectedLastSequence: sequence, expectedStream: stream)
    }

    private func isAtomic(_ stream: String, count: Int) -> Bool {
        guard case .from(let least) = atomicBatches, count >= max(2, least), count <= JetStreamContext.maxAtomicBatch
        else { return false }
        return traits.withLock { all in
            guard var known = all[stream], known.allowsAtomic else { return false }
            guard known.singleBatchesLeft > 0 else { return true }
            known.singleBatchesLeft -= 1
            all[stream] = known
            return false
        }
    }

    private func publishSingly(_ stream: String) {
        traits.withLock { $0[stream]?.singleBatchesLeft = 16 }
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

/// A stream or consumer is missing.
public struct BrokerNotSetUp: Error, CustomStringConvertible {
    let what: String

    public var description: String { "there is no \(what): run `artesanos streams apply`" }
}
