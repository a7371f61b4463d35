/// Where a piece of work is in a distributed trace.
/// Source: https://www.w3.org/TR/trace-context/
public struct TraceContext: Sendable, Hashable {
    /// The 128 bits that all spans of a trace share; never all zero.
    public let traceIDHigh: UInt64
    public let traceIDLow: UInt64
    /// This span; never zero.
    public let spanID: UInt64
    /// Whether the caller may have recorded it.
    public let isSampled: Bool

    private init(traceIDHigh: UInt64, traceIDLow: UInt64, spanID: UInt64, isSampled: Bool) {
        self.traceIDHigh = traceIDHigh
        self.traceIDLow = traceIDLow
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// The start of a new trace.
    public static func root(isSampled: Bool = true) -> TraceContext {
        TraceContext(
            traceIDHigh: .random(in: 1...(.max)), traceIDLow: .random(in: 0...(.max)),
            spanID: .random(in: 1...(.max)), isSampled: isSampled)
    }

    /// A new span under this one.
    public func child() -> TraceContext {
        TraceContext(
            traceIDHigh: traceIDHigh, traceIDLow: traceIDLow, spanID: .random(in: 1...(.max)), isSampled: isSampled)
    }

    /// Reads a `traceparent` header; nil when it is not one, and then a new trace is to be started.
    public init?(traceparent: String) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, let version = Hex.value(parts[0]), version != 0xFF,
            // Later versions may add parts, but must keep these four.
            version > 0 || parts.count == 4,
            parts[1].utf8.count == 32, let high = Hex.value(parts[1].prefix(16)),
            let low = Hex.value(parts[1].suffix(16)),
            high | low != 0,
            parts[2].utf8.count == 16, let span = Hex.value(parts[2]), span != 0,
            parts[3].utf8.count == 2, let flags = Hex.value(parts[3])
        else { return nil }
        self.init(traceIDHigh: high, traceIDLow: low, spanID: span, isSampled: flags & 1 == 1)
    }

    /// 32 lower-case hex digits.
    public var traceID: String { Hex.string(traceIDHigh) + Hex.string(traceIDLow) }
    /// 16 lower-case hex digits.
    public var spanIDText: String { Hex.string(spanID) }
    /// As the header has it.
    public var traceparent: String { "00-\(traceID)-\(spanIDText)-\(isSampled ? "01" : "00")" }
}
