import Outbox
import Foundation
public import JetStream

/// Holds a durable consumer back, as if the service behind it were down. For demonstrations and tests.
///
/// The server lifts it by itself after the time given, whatever becomes of the process that asked.
/// Source: https://docs.nats.io/reference/reference-protocols/nats_api_reference (`$JS.API.CONSUMER.PAUSE`, 2.11 on).
public enum ConsumerPause {
    /// The server did not do it.
    public struct Refused: Error, CustomStringConvertible {
        public let description: String
    }

    private struct Request: Encodable {
        let pauseUntil: Date

        enum CodingKeys: String, CodingKey {
            case pauseUntil = "pause_until"
        }
    }

    private struct Answer: Decodable {
        struct Problem: Decodable {
            let description: String
        }

        let paused: Bool?
        let error: Problem?
    }

    /// Delivers nothing more to the consumer for so long.
    /// - Throws: ``Refused``, `NATSError`.
    public static func pause(
        stream: String, durable: String, for duration: Duration, on connection: NATSConnection
    ) async throws {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        let request = Request(pauseUntil: Date(timeIntervalSinceNow: seconds))
        try await send(try WireJSON.encode(request), stream, durable, connection, expecting: true)
    }

    /// Delivers again, at once.
    /// - Throws: ``Refused``, `NATSError`.
    public static func resume(stream: String, durable: String, on connection: NATSConnection) async throws {
        try await send([], stream, durable, connection, expecting: false)
    }

    private static func send(
        _ payload: [UInt8], _ stream: String, _ durable: String, _ connection: NATSConnection, expecting isPaused: Bool
    ) async throws {
        let answer = try await connection.request(
            "$JS.API.CONSUMER.PAUSE.\(stream).\(durable)", payload: payload, timeout: .seconds(5))
        let content = try WireJSON.decode(Answer.self, from: answer.payload)
        if let error = content.error { throw Refused(description: error.description) }
        guard content.paused ?? false == isPaused else {
            throw Refused(description: "the consumer \(durable) was not \(isPaused ? "paused" : "resumed")")
        }
    }
}
