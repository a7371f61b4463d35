import CoreMetrics
import Synchronization

/// Keeps the sums of counters and the last values of gauges, by label.
final class RecordedMetrics: MetricsFactory {
    private let values = Mutex<[String: Double]>([:])

    subscript(label: String) -> Double { values.withLock { $0[label] ?? 0 } }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(label: label, metrics: self)
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Handler(label: label, metrics: self)
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Handler(label: label, metrics: self)
    }
    func destroyCounter(_: any CounterHandler) {}
    func destroyRecorder(_: any RecorderHandler) {}
    func destroyTimer(_: any TimerHandler) {}

    private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
        private let label: String
        private let metrics: RecordedMetrics

        init(label: String, metrics: RecordedMetrics) {
            self.label = label
            self.metrics = metrics
        }

        func increment(by amount: Int64) { metrics.values.withLock { $0[label, default: 0] += Double(amount) } }
        func reset() { metrics.values.withLock { $0[label] = 0 } }
        func record(_ value: Int64) { record(Double(value)) }
        func record(_ value: Double) { metrics.values.withLock { $0[label] = value } }
        func recordNanoseconds(_ duration: Int64) {}
    }
}
