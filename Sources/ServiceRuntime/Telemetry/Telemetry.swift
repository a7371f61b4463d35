import CoreMetrics
import Instrumentation
public import Logging
public import ServiceLifecycle

/// The process's logging, metrics and tracing.
public struct Telemetry: Sendable {
    public let metrics: PrometheusRegistry
    public let tracer: LightTracer
    /// What has to run for it; to be started first and stopped last.
    public let background: [any Service]

    public init(
        metrics: PrometheusRegistry = PrometheusRegistry(), tracer: LightTracer = LightTracer(),
        background: [any Service] = []
    ) {
        self.metrics = metrics
        self.tracer = tracer
        self.background = background
    }

    /// Sets up swift-log, swift-metrics and swift-distributed-tracing. Call it once in a process, before anything logs
    /// or counts; a second call would be a programming error and traps.
    public static func bootstrap(_ configuration: ArtesanosConfiguration) -> Telemetry {
        bootstrap(traceSampleRatio: configuration.traceSampleRatio, otlpEndpoint: configuration.otlpEndpoint) {
            label, provider in configuration.log.handler(label: label, provider: provider)
        }
    }

    /// The same with log handlers of one's own: several places for one record, for example.
    /// - Parameters:
    ///   - traceSampleRatio: the share of new traces, 0 to 1, that are sampled.
    ///   - otlpEndpoint: where spans are sent; nil writes them to the log, at debug level.
    public static func bootstrap(
        traceSampleRatio: Double = 1, otlpEndpoint: String? = nil,
        handlers: @escaping @Sendable (_ label: String, _ provider: Logger.MetadataProvider?) -> any LogHandler
    ) -> Telemetry {
        LoggingSystem.bootstrap({ label, provider in handlers(label, provider) }, metadataProvider: .artesanos)
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(label: "trace")
        let otlp = otlpEndpoint.map { OTLPSpanExporter(endpoint: $0, logger: logger) }
        let tracer = LightTracer(
            exporter: otlp ?? LoggingSpanExporter(logger: logger), sampleRatio: traceSampleRatio)
        InstrumentationSystem.bootstrap(tracer)
        return Telemetry(metrics: metrics, tracer: tracer, background: otlp.map { [$0] } ?? [])
    }
}
