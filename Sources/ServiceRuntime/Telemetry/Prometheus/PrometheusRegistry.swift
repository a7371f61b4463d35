public import CoreMetrics
import Synchronization

/// The process's metrics, for Prometheus: a backend of swift-metrics.
///
/// A label of swift-metrics is the metric's name as it is (characters that Prometheus does not take become `_`), and
/// dimensions are its labels. Counters are counters; meters and recorders that do not aggregate are gauges; recorders
/// that do, and timers (in seconds), are histograms.
public final class PrometheusRegistry: MetricsFactory {
    enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        let kind: Kind
        var series: [PrometheusLabels: any PrometheusSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var help: [String: String] = MetricHelp.texts
        var bounds: [String: [Double]] = MetricBuckets.byName
        var callbacks: [Callback] = []
    }

    private struct Callback {
        let name: String
        let read: @Sendable () async throws -> [Reading]
    }

    /// One value of a metric that is read when it is asked for.
    public struct Reading: Sendable {
        public let labels: [(String, String)]
        public let value: Double

        public init(_ value: Double, labels: [(String, String)] = []) {
            self.labels = labels
            self.value = value
        }
    }

    private let state = Mutex(State())
    private let scrapeErrors: PrometheusCounter

    public init() {
        scrapeErrors = PrometheusCounter()
        state.withLock { [scrapeErrors] state in
            state.families["metrics_callback_errors_total"] = Family(
                kind: .counter, series: [PrometheusLabels([]): scrapeErrors])
        }
    }

    /// Says what a metric means, in its `HELP` line.
    public func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[PrometheusLabels.metricName(name)] = help }
    }

    /// Sets the upper bounds of a histogram's buckets (seconds for timers), before its first series is made.
    public func setBuckets(_ bounds: [Double], for name: String) {
        state.withLock { $0.bounds[PrometheusLabels.metricName(name)] = bounds.sorted() }
    }

    /// A gauge whose values are read at each scrape. One that throws is left out and counted in
    /// `metrics_callback_errors_total`; the others are given nonetheless.
    public func observe(_ name: String, help: String, _ read: @escaping @Sendable () async throws -> [Reading]) {
        let name = PrometheusLabels.metricName(name)
        state.withLock {
            $0.help[name] = help
            $0.callbacks.append(Callback(name: name, read: read))
        }
    }

    /// All metrics as text, sorted by name and labels.
    public func exposition() async -> String {
        let callbacks = state.withLock { $0.callbacks }
        var observed: [String: [Reading]] = [:]
        for callback in callbacks {
            do {
                observed[callback.name, default: []] += try await callback.read()
            } catch {
                scrapeErrors.increment(by: 1)
            }
        }
        let (families, help) = state.withLock { ($0.families, $0.help) }
        var text = ""
        for name in Set(families.keys).union(observed.keys).sorted() {
            let kind = families[name]?.kind ?? .gauge
            text += PrometheusText.header(name: name, help: help[name] ?? name, type: kind.rawValue)
            for (labels, series) in (families[name]?.series ?? [:]).sorted(by: { $0.key < $1.key }) {
                series.write(name: name, labels: labels, to: &text)
            }
            for reading in observed[name] ?? [] {
                let labels = PrometheusLabels(reading.labels).braces()
                text += "\(name)\(labels) \(PrometheusText.number(reading.value))\n"
            }
        }
        return text
    }

    // MARK: - MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in PrometheusCounter() }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in PrometheusFloatingPointCounter() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in PrometheusGauge() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate {
            series(label, dimensions, .histogram) {
                PrometheusHistogram(bounds: $0.bounds[PrometheusLabels.metricName(label)] ?? MetricBuckets.sizes)
            }
        } else {
            series(label, dimensions, .gauge) { _ in PrometheusGauge() }
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) {
            PrometheusHistogram(bounds: $0.bounds[PrometheusLabels.metricName(label)] ?? MetricBuckets.seconds)
        }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// The series of this name and these labels: the same one each time. A name that is in use for another kind of
    /// metric gets a series that is never shown, because two types under one name would spoil the whole scrape.
    private func series<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind, make: (State) -> Series
    ) -> Series {
        let name = PrometheusLabels.metricName(label)
        let labels = PrometheusLabels(dimensions)
        return state.withLock { state in
            if let known = state.families[name]?.series[labels] as? Series { return known }
            let new = make(state)
            var family = state.families[name] ?? Family(kind: kind)
            guard family.kind == kind, family.series[labels] == nil else { return new }
            family.series[labels] = new
            state.families[name] = family
            return new
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                state.families[name]?.series[labels] = nil
            }
        }
    }
}
