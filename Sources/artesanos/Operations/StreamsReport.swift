import Foundation
import JetStream

/// What a broker holds.
struct StreamsReport: Encodable {
    struct Stream: Encodable {
        let name: String
        let subjects: [String]
        let messages: UInt64
        let bytes: UInt64
        let firstSequence: UInt64
        let lastSequence: UInt64
        let consumers: [Consumer]
    }

    struct Consumer: Encodable {
        let name: String
        /// Not delivered yet.
        let pending: UInt64
        /// Delivered and not acknowledged yet.
        let unacknowledged: Int
        let redelivered: Int
        /// The last stream sequence below which all is acknowledged.
        let acknowledgedSequence: UInt64
    }

    let streams: [Stream]

    static func read(_ context: JetStreamContext) async throws -> StreamsReport {
        var streams: [Stream] = []
        for name in try await context.streamNames() {
            let info = try await context.streamInfo(name)
            var consumers: [Consumer] = []
            for durable in try await context.consumerNames(stream: name) {
                let consumer = try await context.consumerInfo(stream: name, durable)
                consumers.append(
                    Consumer(
                        name: durable, pending: consumer.pending, unacknowledged: consumer.ackPending,
                        redelivered: consumer.redelivered, acknowledgedSequence: consumer.ackFloor.stream))
            }
            streams.append(
                Stream(
                    name: name, subjects: info.configuration.subjects ?? [], messages: info.state.messages,
                    bytes: info.state.bytes, firstSequence: info.state.firstSequence,
                    lastSequence: info.state.lastSequence, consumers: consumers))
        }
        return StreamsReport(streams: streams)
    }

    func lines(_ terminal: Terminal) -> [String] {
        guard !streams.isEmpty else { return ["there are no streams: run `artesanos streams apply`"] }
        var messages = TextTable(
            ["stream", "messages", "bytes", "first", "last", "subjects"], rightAligned: [1, 2, 3, 4])
        var consumers = TextTable(
            ["stream", "consumer", "pending", "unacknowledged", "redelivered", "acknowledged to"],
            rightAligned: [2, 3, 4, 5])
        for stream in streams {
            messages.add(
                stream.name, "\(stream.messages)", "\(stream.bytes)", "\(stream.firstSequence)",
                "\(stream.lastSequence)", stream.subjects.joined(separator: " "))
            for consumer in stream.consumers {
                consumers.add(
                    stream.name, consumer.name, "\(consumer.pending)", "\(consumer.unacknowledged)",
                    "\(consumer.redelivered)", "\(consumer.acknowledgedSequence)")
            }
        }
        return messages.lines(terminal) + [""] + consumers.lines(terminal)
    }
}
