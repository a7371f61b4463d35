import CoreMetrics
import Instrumentation
public import Logging
public import ServiceRuntime

extension Telemetry {
    /// As `bootstrap(log:traceSampleRatio:)`, with log handlers of one's own: several places for one record, for
    /// example. Call one of the two, once in a process.
    public static func bootstrap(
        traceSampleRatio: Double = 1,
        handlers: @escaping @Sendable (_ label: String, _ provider: Logger.MetadataProvider?) -> any LogHandler
    ) -> Telemetry {
        LoggingSystem.bootstrap({ label, provider in handlers(label, provider) }, metadataProvider: .artesanos)
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let tracer = LightTracer(
            exporter: LoggingSpanExporter(logger: Logger(label: "trace")), sampleRatio: traceSampleRatio)
        InstrumentationSystem.bootstrap(tracer)
        return Telemetry(metrics: metrics, tracer: tracer)
    }
}
