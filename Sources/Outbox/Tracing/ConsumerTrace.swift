import Foundation
import ServiceContextModule
import Tracing

/// Spans of the handling of events, each a part of the trace that its event came with. What the handler does and writes
/// goes on under the span.
struct ConsumerTrace {
    let consumer: String
    private var spans: [UInt64: any Span] = [:]

    init(consumer: String) {
        self.consumer = consumer
    }

    /// Begins the span of an event, and puts the event under it. An event without a trace gets none.
    mutating func begin(_ event: inout InboundEvent) {
        guard let traceparent = event.traceparent else { return }
        var context = ServiceContext.topLevel
        context.traceparent = traceparent
        let span = InstrumentationSystem.tracer.startSpan("process \(event.type)", context: context, ofKind: .consumer)
        span.updateAttributes { attributes in
            attributes["messaging.system"] = "nats"
            attributes["messaging.consumer.group.name"] = consumer
            attributes["messaging.message.id"] = event.id.lowercased
            attributes["outbox.stream"] = event.stream
            attributes["outbox.stream_sequence"] = Int64(clamping: event.streamSequence)
            attributes["outbox.delivery"] = event.deliveryCount
            attributes["outbox.age_ms"] = (max(0, -event.time.timeIntervalSinceNow) * 1_000).rounded()
        }
        event.traceparent = span.context.traceparent ?? traceparent
        spans[event.streamSequence] = span
    }

    /// Ends the span of an event.
    /// - Parameter outcome: one word: applied, ignored, parked, duplicate, retried, dead_lettered.
    mutating func end(_ event: InboundEvent, _ outcome: String, error: (any Error)? = nil) {
        guard let span = spans.removeValue(forKey: event.streamSequence) else { return }
        span.attributes["inbox.outcome"] = outcome
        if let error { span.recordError(error) }
        span.end()
    }

    /// Ends those of events that were not come to.
    mutating func endAll() {
        for span in spans.values {
            span.attributes["inbox.outcome"] = "postponed"
            span.end()
        }
        spans = [:]
    }
}
