public import Logging
import Outbox
import ServiceContextModule

extension Logger.MetadataProvider {
    /// Adds what the work at hand is about: the trace (from `ServiceContext.traceparent`) and the ids of ``LogContext``.
    public static let artesanos = Logger.MetadataProvider {
        var metadata: Logger.Metadata = [:]
        if let trace = ServiceContext.current?.traceparent.flatMap(TraceContext.init(traceparent:)) {
            metadata[LogKey.traceID] = "\(trace.traceID)"
            metadata[LogKey.spanID] = "\(trace.spanIDText)"
        }
        if let context = LogContext.current {
            if let id = context.orderID { metadata[LogKey.orderID] = "\(id)" }
            if let id = context.sagaID { metadata[LogKey.sagaID] = "\(id)" }
            if let id = context.eventID { metadata[LogKey.eventID] = "\(id)" }
            if let type = context.eventType { metadata[LogKey.eventType] = "\(type)" }
            if let consumer = context.consumer { metadata[LogKey.consumer] = "\(consumer)" }
        }
        return metadata
    }
}

/// The metadata of one record: the handler's, the provider's and the call's own, cleaned and in a stable order.
enum LogMetadata {
    static func merged(
        handler: Logger.Metadata, provider: Logger.MetadataProvider?, call: Logger.Metadata?
    ) -> [(key: String, value: Logger.MetadataValue)] {
        var all = handler
        if let provider { all.merge(provider.get()) { _, new in new } }
        if let call { all.merge(call) { _, new in new } }
        if let id = all.removeValue(forKey: LogKey.frameworkRequestID) { all[LogKey.requestID] = id }
        return all.sorted { $0.key < $1.key }.map { ($0.key, Redaction.value($0.value, forKey: $0.key)) }
    }
}
