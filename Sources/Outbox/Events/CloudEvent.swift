import Foundation

/// A CloudEvent in structured mode, with the distributed tracing extension.
/// Source: CloudEvents 1.0.2, https://github.com/cloudevents/spec
struct CloudEvent<Payload: Encodable>: Encodable {
    let specversion = "1.0"
    let datacontenttype = "application/json"
    let id: UUID
    let type: String
    let source: String
    let subject: String
    let time: Date
    let traceparent: String?
    let data: Payload

    init(
        id: UUID, type: String, source: String, subject: String, time: Date, traceparent: String?, data: Payload
    ) {
        self.id = id
        self.type = type
        self.source = source
        self.subject = subject
        self.time = time
        self.traceparent = traceparent
        self.data = data
    }
}

/// What a consumer reads of a CloudEvent before it knows the payload's type.
struct CloudEventEnvelope: Decodable {
    let specversion: String
    let id: UUID
    let type: String
    let source: String
    let subject: String
    let time: Date
    let traceparent: String?
}

/// Only the payload, once its type is known.
struct CloudEventData<Payload: Decodable>: Decodable {
    let data: Payload
}
