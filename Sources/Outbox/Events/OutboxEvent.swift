public import Foundation
import ServiceContextModule

/// An event on its way into the outbox: one CloudEvent, encoded once, as it will go on the wire.
public struct OutboxEvent: Sendable {
    /// The event's own id. It stays the same when the event is replayed.
    public let id: UUID
    /// The type, which is also the subject of the message, such as `order.created.v1`.
    public let type: String
    /// What kind of thing the event is about, such as `order`.
    public let aggregateType: String
    /// Which one. Events of one aggregate reach the stream in the order in which its transactions committed.
    public let aggregateID: String
    /// The W3C trace context under which the event was made.
    public let traceparent: String?
    /// The whole CloudEvent, structured JSON.
    public let json: [UInt8]

    /// Makes and encodes an event.
    /// - Parameters:
    ///   - type: the versioned type, which is also the subject.
    ///   - source: who says it, such as `/artesanos/orders`.
    ///   - data: the payload.
    ///   - traceparent: nil takes the current service context's.
    /// - Throws: `EncodingError` when the data has no JSON form.
    public init(
        type: String, aggregateType: String, aggregateID: String, source: String, data: some Encodable & Sendable,
        id: UUID = .v7(), traceparent: String? = nil
    ) throws {
        let traceparent = traceparent ?? ServiceContext.current?.traceparent
        self.id = id
        self.type = type
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
        self.traceparent = traceparent
        self.json = try WireJSON.encode(
            CloudEvent(
                id: id, type: type, source: source, subject: aggregateID, time: Date(), traceparent: traceparent,
                data: data))
    }
}
