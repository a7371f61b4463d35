import Foundation
import Postgres
import ServiceRuntime

/// Holds stock for longer by an operator's hand; the order is told.
struct ExtendReservation: Sendable {
    static let range = 1...86_400

    let store: StockBookStore

    /// - Parameters:
    ///   - seconds: from now, by the database's clock. A hold that is longer already stays as it is.
    ///   - check: of the reservation as it is now.
    /// - Throws: ``Problem`` 404; 409 `reservation_ended`; 422 `validation_failed`, or `hold_too_long` when that is past
    ///   the hold's bound; and what `check` throws.
    func run(
        _ id: UUID, seconds: Int, by identity: Identity, check: Check<Reservation>, in transaction: PostgresTransaction
    ) async throws -> Reservation {
        try identity.require(.ops)
        guard Self.range.contains(seconds) else {
            throw Problem.validation("seconds", code: "range", "has to be from 1 to \(Self.range.upperBound)")
        }
        guard let known = try await StockReader.reservation(id, on: transaction) else {
            throw Problem.notFound("reservation")
        }
        var book = try await store.load(orders: [known.orderID], actor: identity.actor, in: transaction)
        guard let current = book.reservation(id, of: known.orderID) else { throw Problem.notFound("reservation") }
        try check(current)
        guard current.status == .active else {
            throw Problem.conflict(
                code: "reservation_ended", "it is \(current.status.rawValue)",
                fields: ["status": current.status.rawValue])
        }
        let time = book.now + .seconds(seconds)
        guard time <= current.holdUntil else {
            throw Problem.unprocessable(
                code: "hold_too_long", "no hold goes past its bound", fields: ["holdUntil": current.holdUntil])
        }
        _ = book.extend(known.orderID, to: time)
        try store.save(book, in: transaction)
        return book.reservation(id, of: known.orderID) ?? current
    }
}
