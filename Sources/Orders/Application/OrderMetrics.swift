import CoreMetrics
import Foundation
import Metrics
import Synchronization

/// The order service's metrics. The names are API.
final class OrderMetrics: Sendable {
    private static let window = 1_000

    private let created: Counter
    private let statuses: [OrderStatus: Counter]
    private let illegal: Counter
    private let forgotten: Counter
    private let durations: [OrderSagaStep: Timer]
    private let successRate: Gauge
    /// How the last sagas of this process ended, oldest first.
    private let ended = Mutex<[Bool]>([])

    init(factory: any MetricsFactory = MetricsSystem.factory) {
        created = Counter(label: "orders_created_total", factory: factory)
        illegal = Counter(label: "saga_illegal_events_total", factory: factory)
        forgotten = Counter(label: "saga_without_deadline_total", factory: factory)
        successRate = Gauge(label: "saga_success_rate", factory: factory)
        statuses = Dictionary(
            uniqueKeysWithValues: OrderStatus.allCases.map {
                ($0, Counter(label: "order_status_count", dimensions: [("status", $0.rawValue)], factory: factory))
            })
        durations = Dictionary(
            uniqueKeysWithValues: OrderSagaStep.allCases.filter { !$0.isRunning }.map {
                ($0, Timer(label: "saga_duration", dimensions: [("outcome", $0.rawValue)], factory: factory))
            })
    }

    func orderCreated() {
        created.increment()
        statuses[.pending]?.increment()
    }

    func illegalEvent() { illegal.increment() }

    /// Sagas that nothing would have woken: should stay 0.
    func sagasForgotten(_ count: Int) { forgotten.increment(by: count) }

    /// An order came to a status.
    func orderIs(_ status: OrderStatus) { statuses[status]?.increment() }

    /// A saga has its outcome.
    /// - Parameter seconds: since the order was placed, by the database's clock.
    func sagaEnded(_ step: OrderSagaStep, after seconds: TimeInterval) {
        durations[step]?.record(duration: .seconds(max(0, seconds)))
        let rate = ended.withLock { ended in
            if ended.count == Self.window { ended.removeFirst() }
            ended.append(step == .completed)
            return Double(ended.count { $0 }) / Double(ended.count)
        }
        successRate.record(rate)
    }
}
