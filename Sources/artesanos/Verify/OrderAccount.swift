import Foundation

/// All that the three databases hold of one order. What is nil is not there.
struct OrderAccount: Sendable, Equatable {
    /// `order_account` of the order service.
    struct Order: Sendable, Equatable {
        var status: String
        var totalMinor: Int64
        var currency: String
        /// Nothing is awaited any more: only then everything has to agree.
        var isSettled: Bool
        /// Pieces by SKU.
        var lines: [String: Int64]

        var isConfirmed: Bool { status == "CONFIRMED" }
    }

    /// `payment_account` of the payment service.
    struct Payment: Sendable, Equatable {
        var status: String
        /// Nil until payments knows the order's price.
        var amountMinor: Int64?
        var currency: String?
        var receivedMinor: Int64
        /// By refunds that have succeeded.
        var refundedMinor: Int64
        /// Refunds that the order itself asked for, which did not fail.
        var orderRefunds: Int64
        /// PaymentIntents that were made, or may have been.
        var intents: Int64

        var netMinor: Int64 { receivedMinor - refundedMinor }
        /// Whether the customer could still be charged.
        var isLive: Bool { ["creating", "pending", "processing"].contains(status) }
    }

    /// `stock_account` of the inventory service.
    struct Reservation: Sendable, Equatable {
        var id: UUID
        var status: String
        /// Pieces by SKU.
        var lines: [String: Int64]
    }

    let id: UUID
    var order: Order?
    var payment: Payment?
    var reservations: [Reservation] = []

    func reservations(in status: String) -> [Reservation] { reservations.filter { $0.status == status } }
}
