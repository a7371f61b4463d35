import Logging
import Postgres
import ServiceContextModule
import ServiceRuntime
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import Outbox

/// Spans of the relay and of consumers. The process has one tracer, so both are looked at here.
@Suite("Spans", .serialized)
struct SpanTests {
    private static let exporter = InMemorySpanExporter()
    private static let bootstrapped: Void = InstrumentationSystem.bootstrap(LightTracer(exporter: exporter))

    private static let sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    private static let unsampled = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

    @Test("a relayed event of a sampled trace has a span that tells how long it stood in the outbox")
    func relays() async throws {
        Self.bootstrapped
        var harness = try await RelayHarness()
        harness.configure = { $0.isTracing = true }
        for trace in [Self.sampled, Self.unsampled] {
            var context = ServiceContext.topLevel
            context.traceparent = trace
            try await ServiceContext.withValue(context) { try await harness.append(1) }
        }
        try await harness.append(1)
        // It stands there for a while.
        try await harness.pool.query("update outbox set occurred_at = occurred_at - interval '90 seconds'")
        try await harness.withRelay {
            try await harness.streamEqualsLedger()
            try await eventually("the span has ended") {
                Self.exporter.spans.contains { $0.attributes["outbox.position"] == "1" }
            }
        }
        let spans = Self.exporter.spans.filter { $0.name == "outbox order.created.v1" }
        let span = try #require(spans.first)
        #expect(spans.count == 1)
        #expect(span.trace.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(span.parentSpanID == 0xB7AD_6B71_6920_3331)
        #expect(span.kind == .producer)
        #expect((90...120).contains(span.duration / .seconds(1)))
        let waited = try #require(span.attributes["outbox.wait_ms"].flatMap { Double($0) })
        #expect((90_000...120_000).contains(waited))
        // The message itself is as its row.
        #expect(harness.broker.messages(in: RelayHarness.stream)[0].message.traceparent == Self.sampled)
    }

    @Test("an event is handled under a span of its trace, and what the handler writes goes on under it")
    func consumes() async throws {
        Self.bootstrapped
        let seen = Mutex<[String?]>([])
        let setting = try await ConsumerRunnerTests.Setting { number, _ in
            seen.withLock { $0.append(ServiceContext.current?.traceparent) }
            return number == 2 ? .ignored("not for us") : .applied
        }
        for (number, trace) in [(1, Self.sampled), (2, Self.sampled), (3, nil)] {
            let event = try OutboxEvent(
                type: "t.v1", aggregateType: "order", aggregateID: "a", source: "/test", data: ["number": number],
                traceparent: trace)
            setting.broker.put(event, sequence: UInt64(number))
        }
        let runner = ConsumerRunner(
            setting.consumer, broker: setting.broker, pool: setting.pool, isTracing: true, logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            try await eventually("all are applied") { try await setting.effects() == [1, 3] }
            try await eventually("the spans have ended") {
                Self.exporter.spans.count { $0.name == "process t.v1" } == 2
            }
            group.cancelAll()
        }
        let spans = Self.exporter.spans.filter { $0.name == "process t.v1" }
            .sorted { $0.attributes["outbox.stream_sequence"] ?? "" < $1.attributes["outbox.stream_sequence"] ?? "" }
        #expect(spans.map { $0.attributes["inbox.outcome"] } == ["applied", "ignored"])
        for span in spans {
            #expect(span.kind == .consumer)
            #expect(span.trace.traceID == "0af7651916cd43dd8448eb211c80319c")
            #expect(span.parentSpanID == 0xB7AD_6B71_6920_3331)
            #expect(span.attributes["messaging.consumer.group.name"] == "test-consumer")
            #expect(span.attributes["outbox.age_ms"].flatMap { Double($0) } != nil)
        }
        #expect(seen.withLock { $0 } == spans.map(\.trace.traceparent) + [nil])
    }
}
