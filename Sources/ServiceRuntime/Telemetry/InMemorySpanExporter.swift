import Synchronization

/// Keeps spans, for tests.
public final class InMemorySpanExporter: SpanExporter {
    private let stored = Mutex<[SpanRecord]>([])

    public init() {}

    public var isEnabled: Bool { true }
    /// In the order in which they ended.
    public var spans: [SpanRecord] { stored.withLock { $0 } }

    public func export(_ span: SpanRecord) {
        stored.withLock { $0.append(span) }
    }
}
