import CoreMetrics
import Instrumentation
import Logging

/// The process's logging, metrics and tracing.
public struct Telemetry: Sendable {
    public let metrics: PrometheusRegistry
    public let tracer: LightTracer

    public init(metrics: PrometheusRegistry = PrometheusRegistry(), tracer: LightTracer = LightTracer()) {
        self.metrics = metrics
        self.tracer = tracer
    }

    /// Sets up swift-log, swift-metrics and swift-distributed-tracing. Call it once in a process, before anything logs
    /// or counts; a second call would be a programming error and traps.
    public static func bootstrap(log: LogConfiguration, traceSampleRatio: Double = 1) -> Telemetry {
        LoggingSystem.bootstrap(
            { label, provider in log.handler(label: label, provider: provider) }, metadataProvider: .artesanos)
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let tracer = LightTracer(
            exporter: LoggingSpanExporter(logger: Logger(label: "trace")), sampleRatio: traceSampleRatio)
        InstrumentationSystem.bootstrap(tracer)
        return Telemetry(metrics: metrics, tracer: tracer)
    }
}
