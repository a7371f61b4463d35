import Foundation

/// How the orders of a load ended.
struct LoadResult: Sendable {
    var orders: [LoadedOrder]
    /// How many were to be placed.
    let planned: Int
    /// How far the database's clock was ahead, in seconds.
    let clockOffset: Double
    /// From the first request until the last end was seen.
    let seconds: Double

    var unexpected: [LoadedOrder] { orders.filter { !$0.isAsExpected } }
    var isAsExpected: Bool { orders.count == planned && unexpected.isEmpty }

    /// From the request until the order had ended.
    func milliseconds(_ order: LoadedOrder) -> Double? {
        order.endedAt.map { max(0, ($0.timeIntervalSince(order.startedAt) - clockOffset) * 1000) }
    }
}
