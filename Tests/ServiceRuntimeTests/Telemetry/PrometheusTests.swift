import CoreMetrics
import Testing

@testable import ServiceRuntime

@Suite struct PrometheusTests {
    private struct Unreadable: Error {}

    @Test func emptyRegistryHasOnlyItsOwnCounter() async {
        #expect(
            await PrometheusRegistry().exposition() == """
                # HELP metrics_callback_errors_total Gauges that could not be read at a scrape.
                # TYPE metrics_callback_errors_total counter
                metrics_callback_errors_total 0

                """)
    }

    @Test func countersGaugesAndHistogramsAreWrittenAsTheFormatSays() async {
        let registry = PrometheusRegistry()
        registry.setBuckets([0.1, 1], for: "saga_duration")
        registry.describe("order_status_count", "Orders by status.")
        let counter = Counter(label: "orders_total", dimensions: [("status", "ok")], factory: registry)
        counter.increment()
        counter.increment(by: 2)
        Gauge(label: "order_status_count", dimensions: [("status", "PENDING")], factory: registry).record(7)
        Gauge(label: "saga_success_rate", factory: registry).record(0.975)
        let timer = Timer(label: "saga_duration", dimensions: [("outcome", "COMPLETED")], factory: registry)
        timer.recordMilliseconds(50)
        timer.recordMilliseconds(100)
        timer.recordMilliseconds(500)
        timer.recordSeconds(3)
        let text = await registry.exposition()
        #expect(
            text.contains(
                """
                # HELP order_status_count Orders by status.
                # TYPE order_status_count gauge
                order_status_count{status="PENDING"} 7
                # HELP orders_total orders_total
                # TYPE orders_total counter
                orders_total{status="ok"} 3
                # HELP saga_duration Seconds from an order's creation to the end of its saga, by outcome.
                # TYPE saga_duration histogram
                saga_duration_bucket{outcome="COMPLETED",le="0.1"} 2
                saga_duration_bucket{outcome="COMPLETED",le="1"} 3
                saga_duration_bucket{outcome="COMPLETED",le="+Inf"} 4
                saga_duration_sum{outcome="COMPLETED"} 3.65
                saga_duration_count{outcome="COMPLETED"} 4
                # HELP saga_success_rate Share of the sagas that ended in the last window that completed, 0 to 1.
                # TYPE saga_success_rate gauge
                saga_success_rate 0.975

                """))
    }

    @Test func namesAreMadeValidAndLabelValuesEscaped() async {
        let registry = PrometheusRegistry()
        Counter(
            label: "http.requests-total", dimensions: [("http.route", "a\"b\\c\nd"), ("1st", "x")], factory: registry
        ).increment()
        registry.describe("http.requests-total", "line\nbreak")
        let text = await registry.exposition()
        #expect(text.contains(#"http_requests_total{_1st="x",http_route="a\"b\\c\nd"} 1"# + "\n"))
        #expect(text.contains(#"# HELP http_requests_total line\nbreak"# + "\n"))
    }

    @Test func sameNameAndLabelsAreOneSeriesWhateverTheirOrder() async {
        let registry = PrometheusRegistry()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(await registry.exposition().contains(#"c{a="1",b="2"} 2"# + "\n"))
    }

    @Test func metersAndFloatingPointCountersAddUp() async {
        let registry = PrometheusRegistry()
        let meter = Meter(label: "in_flight", factory: registry)
        meter.increment()
        meter.increment(by: 2.5)
        meter.decrement()
        let sum = FloatingPointCounter(label: "money", factory: registry)
        sum.increment(by: 0.25)
        sum.increment(by: 0.5)
        sum.increment(by: -7.0)
        let text = await registry.exposition()
        #expect(text.contains("in_flight 2.5\n"))
        #expect(text.contains("money 0.75\n"))
    }

    @Test func aggregatingRecorderIsAHistogramOfSizes() async {
        let registry = PrometheusRegistry()
        let recorder = Recorder(label: "batch_size", factory: registry)
        recorder.record(3)
        recorder.record(700)
        let text = await registry.exposition()
        #expect(text.contains("# TYPE batch_size histogram\n"))
        #expect(text.contains("batch_size_bucket{le=\"5\"} 1\n"))
        #expect(text.contains("batch_size_bucket{le=\"1000\"} 2\n"))
        #expect(text.contains("batch_size_sum 703\n"))
    }

    @Test func nameInUseForAnotherKindDoesNotSpoilTheScrape() async {
        let registry = PrometheusRegistry()
        Counter(label: "twice", factory: registry).increment()
        Gauge(label: "twice", dimensions: [("a", "b")], factory: registry).record(5)
        let text = await registry.exposition()
        #expect(text.contains("# TYPE twice counter\ntwice 1\n"))
        #expect(!text.contains("gauge"))
    }

    @Test func observedGaugesAreReadAtEachScrapeAndOneThatFailsIsCounted() async {
        let registry = PrometheusRegistry()
        registry.observe("outbox_pending", help: "Rows not relayed yet.") {
            [.init(3, labels: [("stream", "orders")]), .init(.nan, labels: [("stream", "payments")])]
        }
        registry.observe("unreadable", help: "Fails.") { throw Unreadable() }
        let text = await registry.exposition()
        #expect(text.contains("# TYPE outbox_pending gauge\noutbox_pending{stream=\"orders\"} 3\n"))
        #expect(text.contains("outbox_pending{stream=\"payments\"} NaN\n"))
        #expect(!text.contains("unreadable"))
        #expect(await registry.exposition().contains("metrics_callback_errors_total 2\n"))
    }

    @Test func destroyedSeriesIsGone() async {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "gone", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(!(await registry.exposition().contains("gone 1")))
    }

    @Test func countsAreExactWhenManyTasksRecord() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "shared", factory: registry)
                    let timer = Timer(label: "shared_seconds", factory: registry)
                    for _ in 0..<1_000 {
                        counter.increment()
                        timer.recordMilliseconds(1)
                    }
                }
            }
        }
        let text = await registry.exposition()
        #expect(text.contains("shared 8000\n"))
        #expect(text.contains("shared_seconds_count 8000\n"))
    }
}
