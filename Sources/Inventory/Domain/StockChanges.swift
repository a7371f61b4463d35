import Foundation

/// What a ``StockBook`` has changed, as the store writes it.
struct StockChanges: Sendable {
    /// One product's movements summed up, and its alert as it is now.
    struct Item: Sendable, Hashable {
        let sku: String
        let deltaOnHand: Int
        let deltaReserved: Int
        let lowStockThreshold: Int
        let isLowStockAlerted: Bool
    }

    /// The job that ends a reservation.
    struct ExpiryJob: Sendable, Hashable {
        let key: String
        let runAt: Date
        let reservation: Reservation
    }

    var items: [Item] = []
    /// Rows to insert, some of them ended already.
    var newReservations: [Reservation] = []
    /// Rows that have ended or were extended.
    var changedReservations: [Reservation] = []
    /// Orders released, or come after their release.
    var orders: [OrderHolds] = []
    var jobs: [ExpiryJob] = []
    var obsoleteJobKeys: [String] = []
}
