public import Tracing

/// A span that has ended.
public struct SpanRecord: Sendable {
    public let name: String
    public let kind: SpanKind
    public let trace: TraceContext
    /// The span above; nil at the start of a trace.
    public let parentSpanID: UInt64?
    /// Unix time in nanoseconds.
    public let start: UInt64
    /// Unix time in nanoseconds.
    public let end: UInt64
    public let attributes: [String: String]
    public let isError: Bool
    /// What was thrown, as text.
    public let error: String?

    public var duration: Duration { .nanoseconds(Int64(clamping: end) - Int64(clamping: start)) }
}

/// Where spans go once they have ended.
public protocol SpanExporter: Sendable {
    /// False when spans need not be recorded at all.
    var isEnabled: Bool { get }
    /// Takes a span; must not wait.
    func export(_ span: SpanRecord)
}

/// Spans go nowhere; trace ids are still made and handed on.
public struct NoOpSpanExporter: SpanExporter {
    public init() {}

    public var isEnabled: Bool { false }
    public func export(_ span: SpanRecord) {}
}
