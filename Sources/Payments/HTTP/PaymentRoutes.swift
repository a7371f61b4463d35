import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Payments over HTTP: customers see and pay their own, operators see all.
struct PaymentRoutes: Sendable {
    let pool: PostgresPool
    let stripe: StripeClient
    let jobs: JobQueue

    func add(to router: Router<AppRequestContext>) {
        router.get("/orders/{id}/payment", use: show)
        router.get("/payments/{id}/history", use: history)
        router.post("/payments/{id}/client-secret", use: clientSecret)
        router.post("/payments/{id}/reconcile", use: reconcile)
    }

    @Sendable private func show(_ request: Request, _ context: AppRequestContext) async throws -> PaymentView {
        let identity = try context.requireRole(.customer, .ops)
        let order = try context.uuid("id")
        guard let payment = try await find(order, of: identity), payment.orderId == order else {
            throw Problem.notFound("payment")
        }
        return payment
    }

    /// What became of a payment, and why.
    @Sendable private func history(_ request: Request, _ context: AppRequestContext) async throws -> HistoryView {
        let identity = try context.requireRole(.customer, .ops)
        guard let payment = try await find(try context.uuid("id"), of: identity) else {
            throw Problem.notFound("payment")
        }
        let rows = try await pool.query(PaymentSQL.history.bind(payment.id))
        return HistoryView(items: try rows.map(HistoryView.Entry.init))
    }

    private struct SecretView: Encodable {
        let paymentIntentId: String
        let clientSecret: String
        let status: String
    }

    /// What the customer's browser pays with. It is asked of Stripe each time and kept nowhere.
    @Sendable private func clientSecret(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.customer)
        guard let payment = try await find(try context.uuid("id"), of: identity) else {
            throw Problem.notFound("payment")
        }
        guard payment.payable, let intent = payment.paymentIntentId else {
            throw Problem.conflict(
                code: "payment_not_payable", "the payment is \(payment.status.rawValue): there is nothing to pay now",
                fields: ["paymentStatus": payment.status.rawValue])
        }
        let secret: StripeClientSecret
        do {
            secret = try await stripe.clientSecret(of: intent)
        } catch let error as StripeError {
            context.logger.warning("stripe did not give a client secret", metadata: [LogKey.error: "\(error)"])
            throw Problem.unavailable(
                code: "stripe_unavailable", "the payment provider does not answer: try again in a moment",
                retryAfter: error.retryAfter.map { max(1, Int(($0 / .seconds(1)).rounded(.up))) } ?? 2)
        }
        return try Response.json(
            SecretView(
                paymentIntentId: secret.paymentIntentID, clientSecret: secret.secret,
                status: secret.status.rawValue),
            headers: [.cacheControl: "no-store"])
    }

    private struct Scheduled: Encodable {
        let paymentId: UUID
        let scheduled = true
    }

    /// Has Stripe asked, now.
    @Sendable private func reconcile(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.ops)
        guard let payment = try await find(try context.uuid("id"), of: identity) else {
            throw Problem.notFound("payment")
        }
        guard payment.paymentIntentId != nil else {
            throw Problem.conflict(code: "payment_intent_missing", "there is no PaymentIntent to be looked at yet")
        }
        try await pool.withTransaction { transaction in
            try jobs.schedule(
                PaymentJobKind.look, key: nil,
                payload: ReconcileJobPayload(paymentId: payment.id, cause: "operator"), in: transaction)
        }
        return try Response.json(Scheduled(paymentId: payment.id), status: .accepted)
    }

    /// By its own id or its order's; nil when there is none, or it is somebody else's.
    private func find(_ id: UUID, of identity: Identity) async throws -> PaymentView? {
        guard var payment = try await pool.query(PaymentSQL.view.bind(id)).first.map(PaymentView.init) else {
            return nil
        }
        if identity.role == .ops { return payment }
        guard payment.owner == identity.subject else { return nil }
        payment.alert = nil
        return payment
    }
}

/// A payment's history, oldest first.
struct HistoryView: Encodable, Sendable, ResponseEncodable {
    struct Entry: Encodable, Sendable {
        /// An event's type, a job's kind, `webhook`, `reconciliation` or `operator`.
        let cause: String
        /// Which one.
        let causeId: String?
        let from: String?
        let to: String
        /// What followed.
        let note: String?
        let at: Date

        init(_ row: PostgresRow) throws {
            cause = try row.get(0)
            causeId = try row.get(1)
            from = try row.get(2)
            to = try row.get(3)
            note = try row.get(4)
            at = try row.get(5)
        }
    }

    let items: [Entry]
}
