import Contracts
import Foundation
import Outbox

/// Stock that is, or was, held for one order.
struct Reservation: Sendable, Hashable {
    let id: UUID
    let orderID: UUID
    let sagaID: UUID
    /// 1 for the order itself; more when stock was taken again after the first hold had ended.
    let attempt: Int
    var status: ReservationStatus
    /// How long it holds at first, and by how much a payment in progress extends it.
    let ttl: Duration
    /// When it ends by itself, by the database's clock.
    var expiresAt: Date
    /// No extension goes past this.
    let holdUntil: Date
    /// How often it was extended.
    var extensions = 0
    let createdAt: Date
    /// Nil while it is active.
    var endedAt: Date?
    /// Why it ended: a ``ReleaseReason``, or `confirmed`.
    var reason: String?
    /// One line a SKU, in order of the SKUs.
    let lines: [StockLine]

    /// The unique key of the job that ends it. An extension schedules a job of a new key instead of moving the old one:
    /// the old one may be running at this moment, and would have to be waited for.
    var expiryJobKey: String {
        extensions == 0 ? id.lowercased : "\(id.lowercased)/\(extensions)"
    }

    mutating func end(_ status: ReservationStatus, reason: String, at time: Date) {
        self.status = status
        self.reason = reason
        endedAt = time
    }
}
