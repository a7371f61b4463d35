import Outbox
import ServiceContextModule
import Testing
import Tracing

@testable import ServiceRuntime

@Suite struct TraceContextTests {
    private struct Failure: Error {}

    private func failing() async throws { throw Failure() }

    @Test func headerIsReadAndWrittenAsItWas() throws {
        let text = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
        let context = try #require(TraceContext(traceparent: text))
        #expect(context.traceparent == text)
        #expect(context.isSampled)
        #expect(TraceContext(traceparent: text.dropLast(2) + "00")?.isSampled == false)
    }

    @Test func laterVersionsAreReadByTheirFirstFourParts() {
        let text = "cc-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-what-comes-later"
        #expect(TraceContext(traceparent: text)?.traceID == "0af7651916cd43dd8448eb211c80319c")
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-extra",
        "ff-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-0x",
    ])
    func whatIsNoTraceparentIsRefused(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func childKeepsTheTraceAndTheMark() {
        let root = TraceContext.root(isSampled: false)
        let child = root.child()
        #expect(child.traceID == root.traceID)
        #expect(child.spanID != root.spanID)
        #expect(!child.isSampled)
    }

    @Test func spansNestAndGoToTheExporter() async throws {
        let exporter = InMemorySpanExporter()
        let tracer = LightTracer(exporter: exporter)
        await #expect(throws: Failure.self) {
            try await tracer.withSpan("outer") { outer in
                outer.attributes["order"] = "7"
                try await tracer.withSpan("inner", ofKind: .client) { _ in try await failing() }
            }
        }
        let spans = exporter.spans
        #expect(spans.map(\.name) == ["inner", "outer"])
        #expect(spans[0].parentSpanID == spans[1].trace.spanID)
        #expect(spans[0].trace.traceID == spans[1].trace.traceID)
        #expect(spans[0].isError && spans[0].error?.contains("Failure") == true)
        #expect(spans[1].parentSpanID == nil)
        #expect(spans[1].attributes["order"] == "7")
        #expect(spans[0].end >= spans[0].start)
    }

    @Test func withoutAnExporterTheTraceIsStillHandedOn() {
        let tracer = LightTracer()
        let (outer, inner) = tracer.withSpan("outer") { span in
            let inner = tracer.withSpan("inner") { _ in ServiceContext.current?.traceparent }
            return (span.context.traceparent, inner)
        }
        let traces = [outer, inner].compactMap { $0.flatMap(TraceContext.init(traceparent:)) }
        #expect(traces.count == 2)
        #expect(Set(traces.map(\.traceID)).count == 1)
        #expect(Set(traces.map(\.spanID)).count == 2)
    }

    @Test func sampleRatioZeroMarksNewTracesAsNotSampled() {
        let exporter = InMemorySpanExporter()
        let tracer = LightTracer(exporter: exporter, sampleRatio: 0)
        tracer.withSpan("quiet") { span in
            #expect(span.context.traceparent?.hasSuffix("-00") == true)
        }
        #expect(exporter.spans.isEmpty)
    }
}
