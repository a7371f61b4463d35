import Contracts
import Foundation

/// Something that is to be done with the stock of one order.
enum StockCommand: Sendable, Hashable {
    /// The order was placed.
    case reserve(OrderReference, [StockLine])
    /// Money came for an order that has ended.
    case reserveAgain(OrderReference, [StockLine])
    /// The order is paid: sell what is held.
    case commit(OrderReference)
    /// The order has ended without success.
    case release(OrderReference, ReleaseReason)
    /// The order is cancelled for good: give back what is held, and what was sold.
    case close(OrderReference)
    /// The reservation's time may be over.
    case expire(orderID: UUID, reservationID: UUID)
    /// The payment is in progress: hold for another TTL from now, within the bound.
    case extend(orderID: UUID)

    var orderID: UUID {
        switch self {
        case .reserve(let order, _), .reserveAgain(let order, _), .commit(let order), .release(let order, _),
            .close(let order):
            order.orderID
        case .expire(let orderID, _), .extend(let orderID):
            orderID
        }
    }

    /// The order, where this may be the first that is heard of it.
    var mayOpen: OrderReference? {
        switch self {
        case .reserve(let order, _), .reserveAgain(let order, _), .commit(let order), .release(let order, _),
            .close(let order):
            order
        case .expire, .extend: nil
        }
    }

    /// What it names itself; what an order's reservations hold comes on top.
    var skus: [String] {
        switch self {
        case .reserve(_, let lines), .reserveAgain(_, let lines): lines.map(\.sku)
        case .commit, .release, .close, .expire, .extend: []
        }
    }
}

/// How a command ended.
enum StockOutcome: Sendable, Hashable {
    case applied
    /// Nothing had to be done, for this reason.
    case ignored(String)
}
