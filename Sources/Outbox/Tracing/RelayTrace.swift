import Foundation
import ServiceContextModule
import Tracing

/// Spans of events' ways from the ledger to the stream, each a part of the trace under which the event was made.
///
/// A span begins when the event's transaction began and ends when the stream has the event; the time in which it only
/// stood in the outbox is an attribute of its own. The message itself carries the traceparent of its row, unchanged.
/// Names of the attributes: https://opentelemetry.io/docs/specs/semconv/messaging/
struct RelayTrace {
    /// An event of a sampled trace.
    struct Event {
        let traceparent: String
        let subject: String
        let position: Int64
        let occurredAt: Date

        /// Nil when its trace is not sampled.
        init?(_ message: LedgerMessage, occurredAt: Date) {
            guard let traceparent = message.traceparent, let flags = traceparent.utf8.last, flags & 1 == 1 else {
                return nil
            }
            self.traceparent = traceparent
            subject = message.subject
            position = message.position
            self.occurredAt = occurredAt
        }
    }

    let stream: String

    /// The stream has these events.
    /// - Parameter publishing: how long it took from handing them over.
    func stored(_ events: [Event], after publishing: Duration) {
        guard !events.isEmpty else { return }
        let now = Date()
        for event in events {
            var context = ServiceContext.topLevel
            context.traceparent = event.traceparent
            let span = InstrumentationSystem.tracer.startSpan(
                "outbox \(event.subject)", context: context, ofKind: .producer, at: Moment(event.occurredAt))
            // Clocks of two machines: never less than nothing.
            let waited = max(0, now.timeIntervalSince(event.occurredAt) - publishing / .seconds(1))
            span.updateAttributes { attributes in
                attributes["messaging.system"] = "nats"
                attributes["messaging.destination.name"] = event.subject
                attributes["outbox.stream"] = stream
                attributes["outbox.position"] = event.position
                attributes["outbox.wait_ms"] = (waited * 1_000_000).rounded() / 1_000
                attributes["outbox.publish_ms"] = (publishing / .microseconds(1)).rounded() / 1_000
            }
            span.end(at: Moment(max(now, event.occurredAt)))
        }
    }
}

/// A time that is known.
struct Moment: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    init(_ date: Date) {
        nanosecondsSinceEpoch = UInt64(max(0, date.timeIntervalSince1970) * 1_000_000) * 1_000
    }

    static func < (left: Moment, right: Moment) -> Bool { left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch }
}
