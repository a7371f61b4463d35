import Contracts
import Foundation
import Postgres

/// The refunds of a transaction. Whoever changes one holds the lock of its payment.
struct RefundStore {
    let transaction: PostgresTransaction

    init(_ transaction: PostgresTransaction) { self.transaction = transaction }

    func insert(_ refund: Refund) {
        transaction.enqueue(
            RefundSQL.insert.bind(
                refund.id, refund.paymentID, refund.amount.amount, refund.amount.currency, refund.reason,
                refund.origin, refund.status, refund.stripeRefundID, refund.failureCode, refund.requestedBy))
    }

    func update(_ refund: Refund) {
        transaction.enqueue(
            RefundSQL.update.bind(refund.id, refund.status, refund.stripeRefundID, refund.failureCode))
    }

    func ofPayment(_ id: UUID) async throws -> [Refund] {
        try await transaction.query(RefundSQL.ofPayment.bind(id)).map(Self.refund)
    }

    func read(_ id: UUID) async throws -> Refund? {
        try await transaction.query(RefundSQL.read.bind(id)).first.map(Self.refund)
    }

    /// With whether somebody has dealt with its failure.
    func readResolution(_ id: UUID) async throws -> (refund: Refund, isResolved: Bool)? {
        try await transaction.query(RefundSQL.readResolution.bind(id)).first.map { row in
            (try Self.refund(row), try row.get(11))
        }
    }

    func resolve(_ id: UUID, _ resolution: RefundResolution, by actor: String, note: String?) {
        transaction.enqueue(RefundSQL.resolve.bind(id, resolution, actor, note))
    }

    /// The PaymentIntent that a refund of Stripe's belongs to, when it is known here.
    func paymentIntent(ofStripeRefund id: String) async throws -> String? {
        try await transaction.query(RefundSQL.paymentOf.bind(id)).first?.get(0, as: String?.self)
    }

    static func refund(_ row: PostgresRow) throws -> Refund {
        Refund(
            id: try row.get(0), paymentID: try row.get(1),
            amount: Money(amount: try row.get(2), currency: try row.get(3)), reason: try row.get(4),
            origin: try row.get(5), status: try row.get(6), stripeRefundID: try row.get(7),
            failureCode: try row.get(8), requestedBy: try row.get(9), createdAt: try row.get(10))
    }
}
