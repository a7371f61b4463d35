import Foundation

/// Which order, and whose saga.
struct OrderReference: Sendable, Hashable {
    let orderID: UUID
    let sagaID: UUID
}

/// All that this service knows of one order.
struct OrderHolds: Sendable, Hashable {
    let order: OrderReference
    /// Why the order's stock was released, also when there was none: what is ordered after that is not reserved.
    var release: ReleaseReason?
    /// The order itself came after its release.
    var cameLate = false
    /// The order is cancelled for good: nothing is sold for it any more, also when its confirmation comes after this.
    var isClosed = false
    /// By attempt.
    var reservations: [Reservation] = []

    var active: Int? { reservations.firstIndex { $0.status == .active } }
    var sold: Int? { reservations.firstIndex { $0.status == .committed } }
    var committed: Reservation? { sold.map { reservations[$0] } }
    var latest: Reservation? { reservations.last }
    var greatestID: UUID? { reservations.map(\.id).max() }
    var nextAttempt: Int { (latest?.attempt ?? 0) + 1 }
}
