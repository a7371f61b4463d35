import Foundation
import Hummingbird
import Postgres
import ServiceRuntime

/// Stripe's events over HTTP: for operators.
struct WebhookEventRoutes: Sendable {
    let pool: PostgresPool
    let intake: StripeEventIntake

    func add(to router: Router<AppRequestContext>) {
        router.get("/webhook-events", use: list)
        router.post("/webhook-events/{id}/replay", use: replay)
    }

    @Sendable private func list(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.requireRole(.ops)
        let page = try PageRequest<WebhookEventView.Cursor>(request)
        let query = request.uri.queryParameters
        let state = query["state"].map(String.init)
        if let state, StripeEventState(rawValue: state) == nil {
            throw Problem.invalidParameter(
                "state", expected: "one of \(StripeEventState.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let rows = try await pool.query(
            StripeEventSQL.list.bind(
                state, query["type"].map(String.init), query["paymentIntent"].map(String.init),
                page.cursor?.receivedAt, page.cursor?.id, Int64(page.limit + 1)))
        let items = try Page(rows: rows.map(WebhookEventView.init), for: page, cursor: \.cursor)
        return try Response.json(items)
    }

    /// Applies the stored event again.
    @Sendable private func replay(_ request: Request, _ context: AppRequestContext) async throws -> WebhookEventView {
        try context.requireRole(.ops)
        let id = try context.text("id")
        guard try await intake.replay(id) != nil,
            let event = try await pool.query(StripeEventSQL.view.bind(id)).first.map(WebhookEventView.init)
        else { throw Problem.notFound("webhook event") }
        return event
    }
}

/// An event of Stripe's as operators see it.
struct WebhookEventView: Encodable, Sendable, ResponseEncodable {
    /// What the list is sorted by.
    struct Cursor: Codable, Sendable {
        let receivedAt: Date
        let id: String
    }

    let id: String
    let type: String
    let paymentIntentId: String?
    let paymentId: UUID?
    let source: String
    let state: StripeEventState
    let outcome: String?
    let error: String?
    let stripeCreatedAt: Date
    let receivedAt: Date
    let processedAt: Date?

    var cursor: Cursor { Cursor(receivedAt: receivedAt, id: id) }

    init(_ row: PostgresRow) throws {
        id = try row.get(0)
        type = try row.get(1)
        paymentIntentId = try row.get(2)
        paymentId = try row.get(3)
        source = try row.get(4)
        state = try row.get(5)
        outcome = try row.get(6)
        error = try row.get(7)
        stripeCreatedAt = try row.get(8)
        receivedAt = try row.get(9)
        processedAt = try row.get(10)
    }
}
