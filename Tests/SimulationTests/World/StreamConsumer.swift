import Contracts
import Foundation

@testable import Inventory
@testable import Orders
@testable import Payments

/// The services; each writes the stream of its name.
enum ServiceName: Int, Sendable, CaseIterable {
    case orders, inventory, payments
}

/// A durable consumer: how far it is, and what comes again.
struct StreamConsumer: Sendable {
    /// A message that was not acknowledged, or comes again although it was.
    struct Again: Sendable {
        let index: Int
        /// Whether the same order's later messages wait for it. They do not when another process, which knows nothing of
        /// it, goes on behind it.
        let holdsOthers: Bool
        /// So many deliveries come before it.
        var wait = 0
    }

    let service: ServiceName
    let stream: ServiceName
    let types: Set<String>
    /// The first message that was never delivered.
    var next = 0
    var again: [Again] = []
    /// Event ids, as the inbox keeps them.
    var inbox: Set<UUID> = []
    /// Nothing arrives before.
    var awayUntil = Date.distantPast

    static let all = [
        StreamConsumer(service: .orders, stream: .inventory, types: Set(OrdersService.inventoryTypes)),
        StreamConsumer(service: .orders, stream: .payments, types: Set(EventType.payments)),
        StreamConsumer(service: .inventory, stream: .orders, types: Set(StockEventHandler.orderTypes)),
        StreamConsumer(service: .inventory, stream: .payments, types: Set(StockEventHandler.paymentTypes)),
        StreamConsumer(service: .payments, stream: .orders, types: Set(PaymentRequestsHandler.orderTypes)),
        StreamConsumer(service: .payments, stream: .inventory, types: Set(PaymentRequestsHandler.inventoryTypes)),
    ]
}
