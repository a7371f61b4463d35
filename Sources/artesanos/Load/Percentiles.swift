import Foundation

/// Durations at the usual ranks, in milliseconds. Exact: a load is small enough to be sorted.
struct Percentiles: Sendable, Encodable, Equatable {
    let count: Int
    let p50: Double
    let p95: Double
    let p99: Double
    let max: Double

    /// - Parameter milliseconds: in any order.
    /// - Returns: nil for none.
    init?(_ milliseconds: [Double]) {
        guard !milliseconds.isEmpty else { return nil }
        let sorted = milliseconds.sorted()
        /// The smallest value that so large a share of all is not above (nearest rank).
        func rank(_ share: Double) -> Double {
            let index = Int((share * Double(sorted.count)).rounded(.up)) - 1
            return (sorted[Swift.max(0, index)] * 10).rounded() / 10
        }
        count = sorted.count
        p50 = rank(0.5)
        p95 = rank(0.95)
        p99 = rank(0.99)
        max = rank(1)
    }
}
