import Foundation
import Postgres
import ServiceRuntime

/// Gives a reservation's stock back by an operator's hand; the order is told.
struct ReleaseReservation: Sendable {
    let store: StockBookStore

    /// - Parameter check: of the reservation as it is now.
    /// - Returns: the reservation as it is then; one that had ended without being sold is given back as it is.
    /// - Throws: ``Problem`` 404, 409 `reservation_committed`, and what `check` throws.
    func run(
        _ id: UUID, by identity: Identity, check: Check<Reservation>, in transaction: PostgresTransaction
    ) async throws -> Reservation {
        try identity.require(.ops)
        guard let known = try await StockReader.reservation(id, on: transaction) else {
            throw Problem.notFound("reservation")
        }
        var book = try await store.load(orders: [known.orderID], actor: identity.actor, in: transaction)
        guard let current = book.reservation(id, of: known.orderID) else { throw Problem.notFound("reservation") }
        try check(current)
        switch current.status {
        case .active: break
        case .released, .expired: return current
        case .committed:
            throw Problem.conflict(code: "reservation_committed", "its stock is sold")
        }
        let order = OrderReference(orderID: current.orderID, sagaID: current.sagaID)
        _ = try book.apply(.release(order, .operator))
        try store.save(book, in: transaction)
        return book.reservation(id, of: known.orderID) ?? current
    }
}

extension StockBook {
    func reservation(_ id: UUID, of orderID: UUID) -> Reservation? {
        orders[orderID]?.reservations.first { $0.id == id }
    }
}
