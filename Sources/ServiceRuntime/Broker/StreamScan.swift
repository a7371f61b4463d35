public import Foundation
public import JetStream
public import Outbox

/// Reads a stream's messages in their order, as they are compared with the ledger.
///
/// Through a consumer of its own, which is deleted at the end, and by the server when this process is gone. Needs the
/// permissions of an operator.
public struct StreamScan: Sendable {
    private static let pageSize = 1_000
    /// Of five seconds each, until the broker counts as not answering.
    private static let mostEmptyPages = 12

    private let context: JetStreamContext
    private let stream: String

    public init(_ context: JetStreamContext, stream: String) {
        self.context = context
        self.stream = stream
    }

    /// What the stream has at the moment, and what it lets go by itself.
    /// - Throws: ``BrokerNotSetUp`` when it is not there.
    public func extent() async throws -> (state: StreamInfo.State, retention: StreamHead.Retention) {
        do throws(JetStreamError) {
            let info = try await context.streamInfo(stream)
            return (info.state, StreamHead.Retention(info.configuration))
        } catch {
            guard error.kind == .streamNotFound else { throw error }
            throw BrokerNotSetUp(what: "stream \(stream)")
        }
    }

    /// Hands on all messages that the stream had when `state` was asked for, page by page.
    /// - Parameters:
    ///   - since: what was stored before may be left out; nil: from the beginning.
    ///   - page: told of the messages and of how many are still to come.
    public func read(
        _ state: StreamInfo.State, since: Date?, page: ([ReplicaMessage], _ left: UInt64) async throws -> Void
    ) async throws {
        guard state.messages > 0 else { return }
        let first = try await start(state, since)
        var configuration = ConsumerConfiguration(
            durableName: "scan-\(UUID.v7().lowercased)", ackPolicy: ConsumerConfiguration.AckPolicy.none)
        configuration.description = "Compares the stream with its ledger; deletes itself"
        configuration.deliverPolicy = .byStartSequence
        configuration.startSequence = first
        configuration.inactiveThreshold = .seconds(60)
        configuration.replicas = 1
        let name = configuration.durableName ?? ""
        try await context.createConsumer(stream: stream, configuration)
        do {
            try await read(first, upTo: state.lastSequence, through: name, page)
        } catch {
            try? await context.deleteConsumer(stream: stream, name)
            throw error
        }
        try await context.deleteConsumer(stream: stream, name)
    }

    private func read(
        _ first: UInt64, upTo last: UInt64, through consumer: String,
        _ page: ([ReplicaMessage], UInt64) async throws -> Void
    ) async throws {
        let pull = context.pullConsumer(stream: stream, durable: consumer)
        var seen = first - 1
        var emptyPages = 0
        while true {
            let deliveries = try await pull.fetch(max: Self.pageSize, expires: .seconds(5))
            guard let end = deliveries.last else {
                let info = try await context.consumerInfo(stream: stream, consumer)
                let isLost = info.delivered.stream > seen
                // Nothing more: what was last when we began is gone meanwhile.
                guard info.pending > 0 || isLost else { return }
                emptyPages += 1
                guard !isLost, emptyPages < Self.mostEmptyPages else { throw StreamStandsStill(stream: stream) }
                continue
            }
            emptyPages = 0
            seen = end.streamSequence
            let left = last > seen ? last - seen : 0
            try await page(deliveries.filter { $0.streamSequence <= last }.map(Self.message), left)
            if left == 0 { return }
        }
    }

    private static func message(_ delivery: JetStreamDelivery) -> ReplicaMessage {
        ReplicaMessage(
            sequence: delivery.streamSequence,
            position: delivery.headers[JetStreamBroker.positionHeader].flatMap(Int64.init),
            messageID: delivery.headers[JetStreamHeader.messageID], subject: delivery.subject, event: delivery.payload)
    }

    /// The first message that was stored at that time or later, by bisection; rather one too early where some are gone.
    private func start(_ state: StreamInfo.State, _ since: Date?) async throws -> UInt64 {
        guard let since else { return state.firstSequence }
        var (low, high) = (state.firstSequence, state.lastSequence)
        while low < high {
            let middle = low + (high - low) / 2
            let message = try await context.message(stream: stream, sequence: middle)
            if message.map({ $0.time >= since }) ?? true { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// The broker does not hand out what it has.
struct StreamStandsStill: Error, CustomStringConvertible {
    let stream: String

    var description: String { "the stream \(stream) does not hand out all of its messages; look again" }
}
