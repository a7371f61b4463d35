public import Foundation

/// An event as a consumer gets it.
public struct InboundEvent: Sendable {
    /// The event's own id, by which the inbox knows it.
    public let id: UUID
    public let type: String
    /// The CloudEvent's subject: the aggregate that the event is about.
    public let aggregateID: String
    public let source: String
    /// When the event was made, by the clock of its maker.
    public let time: Date
    /// The trace in which it is handled.
    public internal(set) var traceparent: String?
    /// The stream it came from, or that it first came from when it is re-driven.
    public let stream: String
    public let streamSequence: UInt64
    /// 1 at the first delivery.
    public let deliveryCount: Int
    /// The whole CloudEvent.
    public let json: [UInt8]

    /// Reads a CloudEvent.
    /// - Throws: `DecodingError` when it is not one.
    public init(json: [UInt8], stream: String, streamSequence: UInt64, deliveryCount: Int) throws {
        let envelope = try WireJSON.decode(CloudEventEnvelope.self, from: json)
        self.id = envelope.id
        self.type = envelope.type
        self.aggregateID = envelope.subject
        self.source = envelope.source
        self.time = envelope.time
        self.traceparent = envelope.traceparent
        self.stream = stream
        self.streamSequence = streamSequence
        self.deliveryCount = deliveryCount
        self.json = json
    }

    /// The payload.
    /// - Throws: `DecodingError`, with the path of what did not fit.
    public func data<Payload: Decodable>(_ type: Payload.Type) throws -> Payload {
        try WireJSON.decode(CloudEventData<Payload>.self, from: json).data
    }
}
