import CoreMetrics
import Synchronization
import Testing

@testable import ServiceRuntime

@Suite struct HealthTests {
    private struct Down: Error, CustomStringConvertible {
        let description = "connection to postgresql://o:s3cret@db refused"
    }

    @Test func allChecksUpIsReady() async {
        let health = HealthMonitor([ReadinessCheck(name: "a") {}, ReadinessCheck(name: "b") {}], service: "t")
        let report = await health.report()
        #expect(report.status == .ready)
        #expect(report.checks.map(\.name) == ["a", "b"])
        #expect(await health.isReady())
    }

    @Test func oneCheckDownIsNotReadyAndSaysWhyWithoutSecrets() async {
        let health = HealthMonitor(
            [ReadinessCheck(name: "a") {}, ReadinessCheck(name: "b") { throw Down() }], service: "t")
        let report = await health.report()
        #expect(report.status == .notReady)
        #expect(report.checks.map(\.status) == [.up, .down])
        #expect(report.checks[1].error == "connection to postgresql://o:[redacted]@db refused")
    }

    @Test func checkThatHangsIsDownAfterItsLimit() async {
        let health = HealthMonitor(
            [ReadinessCheck(name: "slow") { try await Task.sleep(for: .seconds(60)) }], service: "t",
            limit: .milliseconds(20))
        let report = await health.report()
        #expect(report.checks.first?.error == "no answer within 20ms")
    }

    @Test func resultIsUsedAgainForAWhile() async {
        let runs = Counts()
        let check = ReadinessCheck(name: "a") { runs.add() }
        let cached = HealthMonitor([check], service: "t", validity: .seconds(60))
        _ = await cached.report()
        _ = await cached.report()
        #expect(runs.value == 1)
        let fresh = HealthMonitor([check], service: "t", validity: .zero)
        _ = await fresh.report()
        _ = await fresh.report()
        #expect(runs.value == 3)
    }

    @Test func stoppingServiceIsNotReadyWhateverItsChecksSay() async {
        let health = HealthMonitor([ReadinessCheck(name: "a") {}], service: "t")
        _ = await health.report()
        health.stop()
        #expect(await health.report().status == .stopping)
    }

    @Test func checksAreMetricsToo() async {
        let registry = PrometheusRegistry()
        await withMetricsFactory(registry) {
            let health = HealthMonitor(
                [ReadinessCheck(name: "a") {}, ReadinessCheck(name: "b") { throw Down() }], service: "t")
            _ = await health.report()
        }
        let text = await registry.exposition()
        #expect(text.contains(#"readiness_check_up{check="a",service="t"} 1"#))
        #expect(text.contains(#"readiness_check_up{check="b",service="t"} 0"#))
    }
}

/// Counts calls from anywhere.
private final class Counts: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
