import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// Puts pieces on the shelf, or takes them off, by hand.
struct AdjustStock: Sendable {
    /// What is asked for.
    struct Adjustment: Codable, Sendable, Hashable {
        /// Pieces more (or, below zero, fewer).
        let delta: Int
        let reason: String

        /// More than any shelf holds: a mistyped number.
        static let maxDelta = 1_000_000

        func validate() throws(Problem) {
            var errors: [FieldError] = []
            if delta == 0 || abs(delta.clamped) > Self.maxDelta {
                errors.append(
                    FieldError(
                        field: "delta", code: "range", message: "has to be from 1 to \(Self.maxDelta), or below zero"))
            }
            if !(1...200).contains(reason.unicodeScalars.count) || reason.unicodeScalars.contains("\0") {
                errors.append(
                    FieldError(field: "reason", code: "range", message: "has to have 1 to 200 characters"))
            }
            guard errors.isEmpty else { throw .validation(errors) }
        }
    }

    /// What came of it.
    struct Receipt: Codable, Sendable, Hashable {
        let id: UUID
        let sku: String
        let delta: Int
        let reason: String
        let onHand: Int
        let reserved: Int
        let available: Int
        let at: Date
    }

    let store: StockBookStore

    /// - Parameter check: of the shelf as it is now.
    /// - Throws: what `check` throws; ``Problem`` 404, 403, 422 `validation_failed`, 409 `stock_reserved` when fewer pieces would be left
    ///   than are held for orders.
    func run(
        _ sku: String, _ adjustment: Adjustment, by identity: Identity, check: Check<ShelfItem> = { _ in },
        in transaction: PostgresTransaction
    ) async throws -> Receipt {
        try identity.require(.artisan, .ops)
        try adjustment.validate()
        var book = try await store.load(skus: [sku], actor: identity.actor, in: transaction)
        guard let item = book.shelf[sku] else { throw Problem.notFound("product") }
        try identity.requireOwner(artisanID: item.artisanID, sku: sku, isVisible: item.isActive)
        try check(item)
        let id = UUID.v7()
        do {
            try book.adjust(sku, by: adjustment.delta, reason: adjustment.reason, reference: id)
        } catch .tooFewLeft(_, let onHand, let reserved) {
            throw Problem.conflict(
                code: "stock_reserved", "\(onHand) are on hand and \(reserved) of them are held for orders",
                fields: ["onHand": onHand, "reserved": reserved])
        }
        try store.save(book, in: transaction)
        guard let changed = book.shelf[sku] else { throw StockBookError.unknownProduct(sku) }
        return Receipt(
            id: id, sku: sku, delta: adjustment.delta, reason: adjustment.reason, onHand: changed.onHand,
            reserved: changed.reserved, available: changed.available, at: book.now)
    }
}

extension Int {
    /// `Int.min` has no absolute value.
    fileprivate var clamped: Int { Swift.max(self, -Int.max) }
}
