public import Contracts
public import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// `POST /payments/{id}/refunds/{refundId}/resolve`, `artesanos refund resolve`: a person has dealt with a refund that
/// failed. What was paid outside Stripe becomes a refund of its own, and is told like one: the saga that waits for the money
/// to be back settles by it, and nothing gives it back a second time.
struct ResolveRefund: Sendable {
    let pool: PostgresPool
    let ledger: PaymentLedger

    /// - Parameters:
    ///   - paymentID: of the refund, when the caller names it; another one's refund is not found.
    ///   - note: in the person's words.
    ///   - isRehearsal: decides, and writes nothing.
    /// - Throws: ``Problem`` 404; 409 `refund_not_failed`, `refund_resolved`; 422 `refund_exceeds_charge`.
    func callAsFunction(
        _ refundID: UUID, of paymentID: UUID? = nil, as resolution: RefundResolution, note: String?, by actor: String,
        isRehearsal: Bool = false
    ) async throws -> RefundResolved {
        try await pool.withTransaction { transaction in
            let refunds = RefundStore(transaction)
            guard let found = try await refunds.read(refundID), paymentID == nil || found.paymentID == paymentID,
                var payment = try await PaymentStore(transaction).lock(found.paymentID),
                // As it is now that its payment is locked.
                let (refund, isResolved) = try await refunds.readResolution(refundID)
            else { throw Problem.notFound("refund") }
            let decision = RefundResolutionDecision.decide(
                refund, isResolved: isResolved, refundable: payment.refundable, resolution, by: actor, id: .v7())
            switch decision {
            case .notFailed:
                throw Problem.conflict(
                    code: "refund_not_failed", "the refund is \(refund.status.rawValue): there is nothing to resolve")
            case .resolvedBefore: throw Problem.conflict(code: "refund_resolved", "somebody has resolved it before")
            case .exceedsCharge(let refundable):
                throw Problem.unprocessable(
                    code: "refund_exceeds_charge", "at most \(refundable) can still be given back",
                    fields: ["refundable": Money(amount: refundable, currency: refund.amount.currency)])
            case .resolve(let paid):
                if !isRehearsal {
                    try write(refund, resolution, paid, note, actor, &payment, in: transaction)
                }
                return RefundResolved(
                    refundId: refundID, paymentId: payment.id, orderId: payment.orderID, resolution: resolution,
                    amount: refund.amount, actor: actor, note: note, isDryRun: isRehearsal,
                    events: paid == nil ? [] : [EventType.paymentRefunded])
            }
        }
    }

    private func write(
        _ refund: Refund, _ resolution: RefundResolution, _ paid: Refund?, _ note: String?, _ actor: String,
        _ payment: inout Payment, in transaction: PostgresTransaction
    ) throws {
        let refunds = RefundStore(transaction)
        refunds.resolve(refund.id, resolution, by: actor, note: note)
        let store = PaymentStore(transaction)
        if let paid {
            payment.refunded += paid.amount.amount
            refunds.insert(paid)
            store.update(payment)
            ledger.outbox.append([try PaymentEvents.refunded(paid, payment)], in: transaction)
        }
        store.addHistory(
            payment, cause: PaymentCause(kind: "operator", id: actor),
            note: "refund \(refund.id.lowercased) resolved: \(resolution.rawValue)")
    }
}

/// How a failed refund was resolved, or would be.
public struct RefundResolved: Encodable, Sendable {
    public let refundId: UUID
    public let paymentId: UUID
    public let orderId: UUID
    public let resolution: RefundResolution
    public let amount: Money
    public let actor: String
    public let note: String?
    /// Whether nothing was written.
    public let isDryRun: Bool
    /// The events for the other services.
    public let events: [String]
}
