import Synchronization
public import Tracing

/// A span of ``LightTracer``.
public struct LightSpan: Span {
    public let context: ServiceContext
    let recording: SpanRecording?

    public var isRecording: Bool { recording?.isOpen ?? false }

    public var operationName: String {
        get { recording?.state.withLock { $0.name } ?? "" }
        nonmutating set { recording?.state.withLock { $0.name = newValue } }
    }

    public var attributes: SpanAttributes {
        get { recording?.attributes ?? [:] }
        nonmutating set { recording?.set(newValue) }
    }

    public func setStatus(_ status: SpanStatus) {
        recording?.state.withLock { $0.isError = status.code == .error }
    }

    /// Events are not kept.
    public func addEvent(_ event: SpanEvent) {}
    /// Links are not kept.
    public func addLink(_ link: SpanLink) {}

    public func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        recording?.state.withLock {
            $0.isError = true
            $0.error = Redaction.text("\(error)")
        }
    }

    public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        recording?.end(at: instant().nanosecondsSinceEpoch)
    }
}

/// What a span gathers until it ends.
final class SpanRecording: Sendable {
    struct State {
        var name: String
        var attributes: [String: String] = [:]
        var isError = false
        var error: String?
        var isEnded = false
    }

    let state: Mutex<State>
    private let kind: SpanKind
    private let trace: TraceContext
    private let parentSpanID: UInt64?
    private let start: UInt64
    private let exporter: any SpanExporter

    init(
        name: String, kind: SpanKind, trace: TraceContext, parentSpanID: UInt64?, start: UInt64,
        exporter: any SpanExporter
    ) {
        self.state = Mutex(State(name: name))
        self.kind = kind
        self.trace = trace
        self.parentSpanID = parentSpanID
        self.start = start
        self.exporter = exporter
    }

    var isOpen: Bool { state.withLock { !$0.isEnded } }

    var attributes: SpanAttributes {
        SpanAttributes(state.withLock { $0.attributes }.mapValues { .string($0) })
    }

    func set(_ attributes: SpanAttributes) {
        var texts: [String: String] = [:]
        attributes.forEach { name, value in texts[name] = Self.text(value) }
        state.withLock { [texts] in $0.attributes = texts }
    }

    func end(at instant: UInt64) {
        let record = state.withLock { state -> SpanRecord? in
            guard !state.isEnded else { return nil }
            state.isEnded = true
            return SpanRecord(
                name: state.name, kind: kind, trace: trace, parentSpanID: parentSpanID, start: start, end: instant,
                attributes: state.attributes, isError: state.isError, error: state.error)
        }
        if let record { exporter.export(record) }
    }

    private static func text(_ value: SpanAttribute) -> String {
        switch value {
        case .string(let text): text
        case .int32(let number): "\(number)"
        case .int64(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .stringConvertible(let value): "\(value)"
        default: "\(value)"
        }
    }
}
