import Foundation
import Metrics

/// What the service tells of itself. The names are API.
struct InventoryMetrics: Sendable {
    private let reserved: Counter
    private let outOfStock: Counter
    private let lowStockAlerts: Counter
    private let sweepFound: Counter
    private let lateness: Timer
    private let active: Gauge
    private let drift: Gauge
    private let released: [ReleaseReason: Counter]

    /// - Parameter factory: where they are made; the process's own unless a test says otherwise.
    init(factory: any MetricsFactory = MetricsSystem.factory) {
        func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
            let counter = Counter(label: label, dimensions: dimensions, factory: factory)
            // Shows as 0 before it first happens.
            counter.increment(by: 0)
            return counter
        }
        reserved = counter("inventory_reserved_total")
        outOfStock = counter("inventory_out_of_stock_total")
        lowStockAlerts = counter("stock_low_alerts_total")
        sweepFound = counter("reservation_sweep_found_total")
        lateness = Timer(label: "reservation_expiry_lateness_seconds", dimensions: [], factory: factory)
        active = Gauge(label: "reservations_active", dimensions: [], factory: factory)
        drift = Gauge(label: "stock_drift", dimensions: [], factory: factory)
        let reasons: [ReleaseReason] = [.cancelled, .failed, .expired, .operator]
        released = Dictionary(
            uniqueKeysWithValues: reasons.map { ($0, counter("inventory_released_total", [("reason", $0.rawValue)])) })
    }

    /// Counts what was committed just now.
    func record(_ book: StockBook, _ changes: StockChanges) {
        reserved.increment(by: Int64(changes.newReservations.count))
        // Stock is back for others once it is committed, not once that was decided.
        let sinceDecided = (ContinuousClock.now - book.loadedAt).timeInterval
        for reservation in changes.newReservations + changes.changedReservations {
            if let reason = reservation.reason.flatMap(ReleaseReason.init) { released[reason]?.increment() }
            if reservation.status == .expired {
                lateness.record(
                    duration: .seconds(max(0, book.now.timeIntervalSince(reservation.expiresAt) + sinceDecided)))
            }
        }
        for (message, _) in book.messages {
            switch message {
            case .lowStock: lowStockAlerts.increment()
            case .outOfStock: outOfStock.increment()
            case .reserved, .released: break
            }
        }
    }

    func set(_ levels: StockReader.Levels) {
        active.record(levels.activeReservations)
        // Nothing was compared yet: no figure is better than a wrong one.
        if let products = levels.driftingProducts { drift.record(products) }
    }

    /// Holds past their end that nothing was going to end.
    func foundBySweep(_ count: Int) { sweepFound.increment(by: Int64(count)) }
}
