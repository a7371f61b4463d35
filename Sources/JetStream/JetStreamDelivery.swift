public import Foundation

/// A message delivered by a pull consumer, to be acknowledged.
///
/// ``ack()``, ``nak(delay:)``, ``term(reason:)`` and ``inProgress()`` are sent without waiting. They return false when
/// there is no connection: then the server delivers the message again after the consumer's ack wait. Because that, and
/// an ack that comes too late, can always happen, a message's effect must be safe to apply twice.
public struct JetStreamDelivery: Sendable {
    public let subject: String
    public let headers: NATSHeaders
    public let payload: [UInt8]
    public let metadata: DeliveryMetadata
    let reply: String
    let connection: NATSConnection

    /// nil if the message is not one of a consumer.
    init?(_ message: borrowing ReceivedMessage, connection: NATSConnection) {
        guard let reply = message.reply, let metadata = DeliveryMetadata(ackSubject: reply) else { return nil }
        subject = message.subject
        headers = message.headers
        payload = message.payload
        self.metadata = metadata
        self.reply = reply
        self.connection = connection
    }

    public var stream: String { metadata.stream }
    public var streamSequence: UInt64 { metadata.streamSequence }
    public var consumerSequence: UInt64 { metadata.consumerSequence }
    /// 1 for the first delivery.
    public var deliveryCount: Int { metadata.deliveryCount }
    /// How many more messages waited for this consumer when this one was sent.
    public var pending: UInt64 { metadata.pending }
    /// When the message was stored.
    public var timestamp: Date { metadata.timestamp }

    /// Done: not to be delivered again.
    @discardableResult
    public func ack() -> Bool { send("+ACK") }

    /// Done, and waits until the server knows it.
    public func ackSync(timeout: Duration = .seconds(5)) async throws(JetStreamError) {
        do throws(NATSError) {
            _ = try await connection.request(reply, payload: Array("+ACK".utf8), timeout: timeout)
        } catch {
            throw JetStreamError(error)
        }
    }

    /// Not done: to be delivered again, at once or after a delay.
    @discardableResult
    public func nak(delay: Duration? = nil) -> Bool {
        guard let delay, delay > .zero else { return send("-NAK") }
        return send("-NAK {\"delay\": \(delay.nanoseconds)}")
    }

    /// Never to be delivered again, although it was not done. The server tells of it in an advisory, with the reason.
    @discardableResult
    public func term(reason: String? = nil) -> Bool {
        send(reason.map { "+TERM \($0)" } ?? "+TERM")
    }

    /// Still being worked on: the ack wait starts anew.
    @discardableResult
    public func inProgress() -> Bool { send("+WPI") }

    private func send(_ word: String) -> Bool {
        do throws(NATSError) {
            try connection.publish(reply, payload: Array(word.utf8))
            return true
        } catch {
            return false
        }
    }
}
