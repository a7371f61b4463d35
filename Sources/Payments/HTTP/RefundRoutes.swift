import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime

/// Refunds over HTTP: for operators.
struct RefundRoutes: Sendable {
    let pool: PostgresPool
    let ledger: PaymentLedger

    func add(to router: Router<AppRequestContext>) {
        router.post("/payments/{id}/refunds", use: create)
        router.get("/payments/{id}/refunds", use: list)
    }

    private struct Body: Decodable {
        /// Minor units; all that is left when absent.
        let amount: Int64?
        let reason: String?
    }

    private struct List: Encodable {
        let items: [RefundView]
    }

    @Sendable private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.requireRole(.ops)
        let id = try context.uuid("id")
        guard try await !pool.query(PaymentSQL.read.bind(id)).isEmpty else { throw Problem.notFound("payment") }
        let refunds = try await pool.query(RefundSQL.ofPayment.bind(id)).map(RefundStore.refund)
        return try Response.json(List(items: refunds.map(RefundView.init)))
    }

    /// The refund is committed before Stripe is asked; its id is the key of the call. So the answer is 202: the list
    /// tells how it went.
    @Sendable private func create(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.ops)
        let id = try context.uuid("id")
        let key = try request.idempotencyKey()
        let bytes = try await collectBody(of: request)
        let body = try decodeJSON(Body.self, from: bytes.isEmpty ? Array("{}".utf8) : bytes)
        let reason = try Self.reason(body.reason)
        let idempotency = IdempotencyRecord(
            scope: "payments:refund:\(id.lowercased):\(identity.subject)", key: key, request: bytes)
        return try await pool.withTransaction { transaction in
            if let answer = try await idempotency.begin(in: transaction) {
                return Response(
                    status: .init(code: answer.status), headers: [.idempotentReplayed: "true"], jsonBytes: answer.json)
            }
            let refund = try await persist(id, amount: body.amount, reason: reason, by: identity, in: transaction)
            let json = try AppJSON.encode(RefundView(refund))
            idempotency.remember(status: 202, json: json, in: transaction)
            return Response(status: .accepted, jsonBytes: json)
        }
    }

    private func persist(
        _ id: UUID, amount: Int64?, reason: String, by identity: Identity, in transaction: PostgresTransaction
    ) async throws -> Refund {
        let store = PaymentStore(transaction)
        guard var payment = try await store.lock(id) else { throw Problem.notFound("payment") }
        guard payment.amountReceived > 0, let price = payment.price else {
            throw Problem.conflict(code: "payment_not_charged", "nothing was charged that could be given back")
        }
        let wanted = amount ?? payment.refundable
        if let amount, amount < 1 { throw Problem.validation("amount", code: "range", "is to be at least 1") }
        guard wanted > 0, wanted <= payment.refundable else {
            throw Problem.unprocessable(
                code: "refund_exceeds_charge", "at most \(payment.refundable) can still be given back",
                fields: ["refundable": Money(amount: payment.refundable, currency: price.currency)])
        }
        let refund = Refund(
            id: .v7(), paymentID: id, amount: Money(amount: wanted, currency: price.currency), reason: reason,
            origin: .operator, status: .requested, requestedBy: identity.subject, createdAt: Date())
        try ledger.persist(refund, of: &payment, in: transaction)
        store.update(payment)
        store.addHistory(
            payment, from: payment.status, cause: PaymentCause(kind: "operator", id: nil),
            note: "refund \(refund.id.lowercased) of \(wanted) requested")
        return refund
    }

    private static func reason(_ text: String?) throws(Problem) -> String {
        guard let text else { return "operator" }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let isPlain = text.utf8.allSatisfy { letters.contains($0) || $0 == UInt8(ascii: "_") }
        guard isPlain, (1...40).contains(text.utf8.count) else {
            throw .validation("reason", "is to be a code of lower-case letters and underscores, at most 40")
        }
        return text
    }
}

/// A refund as operators see it.
struct RefundView: Encodable, Sendable {
    let id: UUID
    let paymentId: UUID
    let amount: Money
    let reason: String
    let origin: RefundOrigin
    let status: RefundStatus
    let stripeRefundId: String?
    let failureCode: String?
    let requestedBy: String?
    let createdAt: Date?

    init(_ refund: Refund) {
        id = refund.id
        paymentId = refund.paymentID
        amount = refund.amount
        reason = refund.reason
        origin = refund.origin
        status = refund.status
        stripeRefundId = refund.stripeRefundID
        failureCode = refund.failureCode
        requestedBy = refund.requestedBy
        createdAt = refund.createdAt
    }
}
