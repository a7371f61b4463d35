import Outbox
import Synchronization
public import Tracing

/// A small tracer: it makes W3C trace contexts and hands them on through `ServiceContext.traceparent`, and gives ended
/// spans to its exporter. Without an exporter a span costs two random numbers and a string.
public struct LightTracer: Tracer {
    private let exporter: any SpanExporter
    private let sampleRatio: Double

    /// - Parameters:
    ///   - exporter: where spans go.
    ///   - sampleRatio: the share of new traces, 0 to 1, that are marked as sampled; a caller's mark is kept.
    public init(exporter: any SpanExporter = NoOpSpanExporter(), sampleRatio: Double = 1) {
        self.exporter = exporter
        self.sampleRatio = sampleRatio
    }

    /// Whether spans go anywhere; what exists only for them can be left out otherwise.
    public var isKeepingSpans: Bool { exporter.isEnabled }

    public func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> LightSpan {
        var context = context()
        let parent = context.traceparent.flatMap(TraceContext.init(traceparent:))
        let trace = parent?.child() ?? .root(isSampled: sampleRatio >= 1 || Double.random(in: 0..<1) < sampleRatio)
        context.traceparent = trace.traceparent
        guard exporter.isEnabled, trace.isSampled else { return LightSpan(context: context, recording: nil) }
        return LightSpan(
            context: context,
            recording: SpanRecording(
                name: operationName, kind: kind, trace: trace, parentSpanID: parent?.spanID,
                start: instant().nanosecondsSinceEpoch, exporter: exporter))
    }

    public func forceFlush() {}

    public func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let text = extractor.extract(key: "traceparent", from: carrier), TraceContext(traceparent: text) != nil
        else { return }
        context.traceparent = text
    }

    public func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let text = context.traceparent else { return }
        injector.inject(text, forKey: "traceparent", into: &carrier)
    }
}
