import CoreMetrics
import Synchronization

/// One series of a metric: it knows its value, and writes it.
protocol PrometheusSeries: AnyObject, Sendable {
    func write(name: String, labels: PrometheusLabels, to text: inout String)
}

/// A counter of whole numbers.
final class PrometheusCounter: CounterHandler, PrometheusSeries {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        text += "\(name)\(labels.braces()) \(value.load(ordering: .relaxed))\n"
    }
}

/// A counter with fractions.
final class PrometheusFloatingPointCounter: FloatingPointCounterHandler, PrometheusSeries {
    private let value = Mutex(0.0)

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0 += amount }
    }

    func reset() { value.withLock { $0 = 0 } }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        text += "\(name)\(labels.braces()) \(PrometheusText.number(value.withLock { $0 }))\n"
    }
}

/// A value that goes up and down.
final class PrometheusGauge: MeterHandler, RecorderHandler, PrometheusSeries {
    private let value = Mutex(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        text += "\(name)\(labels.braces()) \(PrometheusText.number(value.withLock { $0 }))\n"
    }
}

/// How often a value fell into which bucket. As a timer it takes seconds.
final class PrometheusHistogram: RecorderHandler, TimerHandler, PrometheusSeries {
    private struct State {
        /// One more than there are bounds: the last is for what is above them all.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: the buckets' upper bounds, rising.
    init(bounds: [Double]) {
        self.bounds = bounds
        self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    func write(name: String, labels: PrometheusLabels, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            text += "\(name)_bucket\(labels.braces(adding: "le=\"\(bound)\"")) \(total)\n"
        }
        text += "\(name)_sum\(labels.braces()) \(PrometheusText.number(sum))\n"
        text += "\(name)_count\(labels.braces()) \(total)\n"
    }
}
