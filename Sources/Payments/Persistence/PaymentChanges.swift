import Foundation
import Outbox

/// What decisions about payments lead to: gathered in memory, for one payment or a whole batch, and written with a few
/// statements that do not become more with the payments.
struct PaymentChanges {
    /// A line of a payment's history.
    struct HistoryEntry {
        /// As it is now.
        let payment: Payment
        /// Nil for one that is new.
        let from: PaymentStatus?
        let cause: PaymentCause
        let note: String?
    }

    /// Rows to be written; each payment at most once.
    var payments: [Payment] = []
    var history: [HistoryEntry] = []
    /// Of each kind at most one for a payment.
    var calls: [(call: StripeCall, payment: UUID)] = []
    var jobs: [NewJob] = []
    /// In the order in which they are to be told.
    var events: [OutboxEvent] = []
}
