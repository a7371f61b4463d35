import Contracts
import Foundation
import Outbox

/// An order as clients see it.
struct OrderView: Encodable, Sendable {
    struct Line: Encodable, Sendable {
        let sku: String
        let title: String
        let quantity: Int
        let unitPrice: Money
        let total: Money
    }

    /// Paths, relative to the API's root.
    struct Links: Encodable, Sendable {
        let `self`: String
        let cancel: String
        let timeline: String
        let events: String
        /// Served by the payment service.
        let payment: String

        init(_ orderID: UUID) {
            let path = "/orders/\(orderID.lowercased)"
            self.`self` = path
            cancel = path + "/cancel"
            timeline = path + "/timeline"
            events = path + "/events"
            payment = path + "/payment"
        }
    }

    let orderId: UUID
    let sagaId: UUID
    let customerId: String
    let status: OrderStatus
    let sagaState: OrderSagaStep
    /// Why it was cancelled or failed.
    let reason: String?
    let total: Money
    /// Absent in lists.
    let lines: [Line]?
    let createdAt: Date
    let updatedAt: Date
    let links: Links

    init(_ order: OrderRecord) {
        orderId = order.id
        sagaId = order.sagaID
        customerId = order.customerID
        status = order.status
        sagaState = order.step
        reason = order.reason
        total = order.total
        lines = order.lines?.map { line in
            Line(
                sku: line.sku, title: line.title, quantity: line.quantity, unitPrice: line.unitPrice,
                total: Money(amount: line.unitPrice.amount * Int64(line.quantity), currency: line.unitPrice.currency))
        }
        createdAt = order.createdAt
        updatedAt = order.updatedAt
        links = Links(order.id)
    }
}
