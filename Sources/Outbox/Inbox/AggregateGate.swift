/// Keeps the order of one aggregate's events when some of them have to be tried again: those behind them wait, those of
/// other aggregates go on.
struct AggregateGate {
    /// Events that will come again, by aggregate and sequence, and until when they are waited for.
    private var outstanding: [String: [UInt64: ContinuousClock.Instant]] = [:]

    /// Whether the event has to wait for an earlier one of its aggregate.
    func holds(aggregate: String, sequence: UInt64, now: ContinuousClock.Instant = .now) -> Bool {
        outstanding[aggregate]?.contains { $0.key < sequence && $0.value > now } ?? false
    }

    /// The event will come again.
    mutating func block(
        aggregate: String, sequence: UInt64, until: ContinuousClock.Instant, now: ContinuousClock.Instant = .now
    ) {
        // Those that went to another process are never released here.
        if outstanding.count >= Self.pruneAt {
            outstanding = outstanding.filter { $0.value.values.contains { $0 > now } }
        }
        outstanding[aggregate, default: [:]][sequence] = until
    }

    private static let pruneAt = 1_024

    /// The event is done with: applied or dead-lettered.
    mutating func release(aggregate: String, sequence: UInt64) {
        guard outstanding[aggregate]?.removeValue(forKey: sequence) != nil else { return }
        if outstanding[aggregate]?.isEmpty == true { outstanding[aggregate] = nil }
    }
}
