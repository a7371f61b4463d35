import CoreMetrics
import Logging
@testable import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct MetricsTests {
    @Test func aPoolTellsItsSizeItsWaitsAndItsErrors() async throws {
        let database = try await TestDatabase.make()
        let metrics = RecordingFactory()
        let pool = withMetricsFactory(metrics) {
            PostgresPool(
                database.configuration(applicationName: "app"), size: 2, acquireTimeout: .seconds(120), logger: .test)
        }
        try await pool.query("select 1")
        await #expect(throws: PostgresError.self) { try await pool.query("select 1/0") }
        #expect(metrics["postgres_errors,pool=app,code=server"] == 1)
        #expect(metrics["postgres_errors,pool=app,code=cancelled"] == nil)
        // The first use had to wait until a connection was open.
        #expect(metrics["postgres_pool_wait,pool=app"] ?? 0 > 0)
        try await pool.withConnection { _ in
            try await eventually("the gauges are up to date") {
                metrics["postgres_pool_connections,pool=app"] == 1 && metrics["postgres_pool_in_use,pool=app"] == 1
            }
        }
        await pool.close()
        #expect(metrics["postgres_pool_connections,pool=app"] == 0)
        #expect(metrics["postgres_pool_waiting,pool=app"] == 0)
    }
}

/// Keeps what was recorded last, and counters' sums, by label and dimensions.
private final class RecordingFactory: MetricsFactory {
    private let values = Mutex<[String: Double]>([:])

    subscript(name: String) -> Double? { values.withLock { $0[name] } }

    func set(_ name: String, _ value: Double) { values.withLock { $0[name] = value } }
    func add(_ name: String, _ value: Double) { values.withLock { $0[name, default: 0] += value } }

    private func handler(_ label: String, _ dimensions: [(String, String)]) -> Handler {
        Handler(name: ([label] + dimensions.map { "\($0)=\($1)" }).joined(separator: ","), factory: self)
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handler(label, dimensions)
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        handler(label, dimensions)
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handler(label, dimensions)
    }
    func destroyCounter(_: any CounterHandler) {}
    func destroyRecorder(_: any RecorderHandler) {}
    func destroyTimer(_: any TimerHandler) {}
}

private final class Handler: CounterHandler, RecorderHandler, TimerHandler {
    private let name: String
    private let factory: RecordingFactory

    init(name: String, factory: RecordingFactory) {
        self.name = name
        self.factory = factory
    }

    func increment(by amount: Int64) { factory.add(name, Double(amount)) }
    func reset() {}
    func record(_ value: Int64) { factory.set(name, Double(value)) }
    func record(_ value: Double) { factory.set(name, value) }
    func recordNanoseconds(_ duration: Int64) { factory.set(name, Double(duration)) }
}
