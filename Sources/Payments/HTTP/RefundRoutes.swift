import Contracts
import Crypto
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
        router.post("/payments/{id}/refunds/{refundId}/resolve", use: resolve)
        router.get("/refunds/unresolved", use: unresolved)
    }

    private struct Body: Decodable {
        /// Minor units; all that is left when absent.
        let amount: Int64?
        let reason: String?
    }

    private struct List<Item: Encodable>: Encodable {
        let items: [Item]
    }

    private struct Resolution: Decodable {
        let resolution: String
        let note: String?
    }

    @Sendable private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.requireRole(.ops)
        let id = try context.uuid("id")
        guard try await !pool.query(PaymentSQL.read.bind(id)).isEmpty else { throw Problem.notFound("payment") }
        let refunds = try await pool.query(RefundSQL.listOfPayment.bind(id)).map { try RefundView(row: $0) }
        return try Response.json(List(items: refunds))
    }

    /// Failed refunds that nobody has dealt with.
    @Sendable private func unresolved(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.requireRole(.ops)
        let rows = try await pool.query(RefundSQL.unresolved.bind())
        return try Response.json(List(items: try rows.map { try UnresolvedRefund($0) }))
    }

    @Sendable private func resolve(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.ops)
        let (paymentID, refundID) = (try context.uuid("id"), try context.uuid("refundId"))
        let body = try await decodeJSON(Resolution.self, from: request, context: context)
        guard let resolution = RefundResolution(rawValue: body.resolution) else {
            let all = RefundResolution.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.validation("resolution", "is to be one of \(all)")
        }
        guard (body.note ?? "").utf8.count <= 1_000 else {
            throw Problem.validation("note", code: "too_long", "is to be at most 1,000 bytes")
        }
        return try Response.json(
            await ResolveRefund(pool: pool, ledger: ledger)(
                refundID, of: paymentID, as: resolution, note: body.note, by: "ops:\(identity.subject)"))
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
        let idempotency = IdempotentRequest(
            scope: "payments:refund:\(id.lowercased):\(identity.subject)", key: key,
            hash: Array(SHA256.hash(data: bytes)))
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
            payment, cause: PaymentCause(kind: "operator", id: nil),
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
