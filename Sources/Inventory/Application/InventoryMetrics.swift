import Foundation
import Metrics

/// What the service tells of itself. The names are API.
struct InventoryMetrics: Sendable {
    private let reserved = Counter(label: "inventory_reserved_total")
    private let outOfStock = Counter(label: "inventory_out_of_stock_total")
    private let lowStockAlerts = Counter(label: "stock_low_alerts_total")
    private let sweepFound = Counter(label: "reservation_sweep_found_total")
    private let lateness = Timer(label: "reservation_expiry_lateness_seconds")
    private let active = Gauge(label: "reservations_active")
    private let drift = Gauge(label: "stock_drift")
    private let released: [ReleaseReason: Counter]

    init() {
        // All at once, so that each reason shows as 0 before it first happens.
        let reasons: [ReleaseReason] = [.cancelled, .failed, .expired, .operator]
        released = Dictionary(
            uniqueKeysWithValues: reasons.map { reason in
                (reason, Counter(label: "inventory_released_total", dimensions: [("reason", reason.rawValue)]))
            })
        sweepFound.increment(by: 0)
        lowStockAlerts.increment(by: 0)
    }

    /// Counts what was committed.
    func record(_ book: StockBook, _ changes: StockChanges) {
        reserved.increment(by: Int64(changes.newReservations.count))
        for reservation in changes.newReservations + changes.changedReservations {
            if let reason = reservation.reason.flatMap(ReleaseReason.init) { released[reason]?.increment() }
            if reservation.status == .expired {
                lateness.record(duration: .seconds(max(0, book.now.timeIntervalSince(reservation.expiresAt))))
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

    func setActive(_ count: Int) { active.record(count) }

    /// How many products do not add up; more than 0 is an error of this service.
    func setDrift(_ products: Int) { drift.record(products) }

    /// Holds past their end that nothing was going to end.
    func foundBySweep(_ count: Int) { sweepFound.increment(by: Int64(count)) }
}
