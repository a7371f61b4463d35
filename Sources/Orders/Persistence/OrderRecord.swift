import Contracts
import Foundation
import Postgres

/// An order as it is stored.
struct OrderRecord: Sendable, Hashable {
    /// One product of it.
    struct Line: Sendable, Hashable {
        let sku: String
        let title: String
        let quantity: Int
        let unitPrice: Money
    }

    let id: UUID
    let sagaID: UUID
    let customerID: String
    let status: OrderStatus
    let step: OrderSagaStep
    /// Why it was cancelled or failed.
    let reason: String?
    let total: Money
    /// Nil in lists.
    let lines: [Line]?
    /// Whether the server confirms the payment, because the order names a payment method.
    let isPaidByServer: Bool
    let createdAt: Date
    let updatedAt: Date
}
