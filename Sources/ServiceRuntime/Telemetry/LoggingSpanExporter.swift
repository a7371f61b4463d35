public import Logging

/// Writes each span to the log, at debug level.
public struct LoggingSpanExporter: SpanExporter {
    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    public var isEnabled: Bool { logger.logLevel <= .debug }

    public func export(_ span: SpanRecord) {
        var metadata: Logger.Metadata = [
            LogKey.span: "\(span.name)", LogKey.traceID: "\(span.trace.traceID)",
            LogKey.spanID: "\(span.trace.spanIDText)", LogKey.durationMilliseconds: "\(span.duration.millisecondsText)",
        ]
        if let parent = span.parentSpanID { metadata[LogKey.parentSpanID] = "\(Hex.string(parent))" }
        if let error = span.error { metadata[LogKey.error] = "\(error)" }
        for (key, value) in span.attributes { metadata[key] = "\(value)" }
        logger.debug("span ended", metadata: metadata)
    }
}
