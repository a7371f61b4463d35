import Foundation
import Hummingbird
import Postgres
import ServiceRuntime

/// What happened to an order: for customers, and for operators.
struct SagaRoutes: Sendable {
    let pool: PostgresPool
    let orders: OrderStore
    let history: SagaHistory
    let retrySaga: RetrySaga
    let explainSaga: ExplainSaga
    let stream: OrderEventStream

    func add(to router: Router<AppRequestContext>) {
        router.get("/orders/{id}/timeline", use: timeline)
        router.get("/orders/{id}/explain", use: explain)
        router.get("/orders/{id}/events", use: events)
        router.get("/orders/{id}/saga", use: saga)
        router.post("/orders/{id}/saga/retry", use: retry)
    }

    @Sendable private func timeline(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let id = try await ownOrder(context)
        let timeline = try await atOneMoment { database -> TimelineView? in
            guard let order = try await OrderStore(database: database).find(id) else { return nil }
            return TimelineView(
                order, history: try await SagaHistory(database: database).all(of: id),
                saga: try await SagaRecord.find(id, on: database))
        }
        guard let timeline else { throw Problem.notFound("order") }
        return try .json(timeline)
    }

    /// JSON, or text for whoever asks for `text/plain`. Operators are told more than customers.
    @Sendable private func explain(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let id = try await ownOrder(context)
        guard let facts = try await explainSaga.facts(id) else { throw Problem.notFound("order") }
        let isForOperator = try context.requireIdentity().role == .ops
        let explanation = SagaExplanation(facts, isForOperator: isForOperator)
        let headers: HTTPFields = [.vary: "Accept", .cacheControl: "private, no-cache"]
        guard request.prefersText else { return try .json(explanation, headers: headers) }
        return Response(
            status: .ok, headers: headers, jsonBytes: Array(explanation.text(now: facts.now).utf8),
            contentType: "text/plain; charset=utf-8")
    }

    /// Server-sent events: what happened since `Last-Event-ID`, then what happens, until the saga is settled. Once it is
    /// and nothing is left to tell, 204 ends the client's attempts to come back.
    @Sendable private func events(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let id = try await ownOrder(context)
        let last = try Self.lastEventID(request)
        guard let progress = try await history.progress(of: id) else { throw Problem.notFound("order") }
        guard !progress.isSettled || progress.seq > last else { return Response(status: .noContent) }
        return stream.response(orderID: id, after: last)
    }

    @Sendable private func saga(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.requireRole(.ops)
        return try await sagaResponse(try context.uuid("id"), status: .ok)
    }

    @Sendable private func retry(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.ops)
        let id = try context.uuid("id")
        try await retrySaga(id, by: .over(http: identity))
        return try await sagaResponse(id, status: .accepted)
    }

    private func sagaResponse(_ id: UUID, status: HTTPResponse.Status) async throws -> Response {
        let view = try await atOneMoment { database -> SagaView? in
            guard let saga = try await SagaRecord.find(id, on: database) else { return nil }
            return SagaView(saga, history: try await SagaHistory(database: database).all(of: id))
        }
        guard let view else { throw Problem.notFound("order") }
        return try .json(view, status: status)
    }

    /// Order, saga and history are written together: read one after the other they could contradict each other.
    private func atOneMoment<View: Sendable>(
        _ read: (PostgresTransaction) async throws -> View
    ) async throws -> View {
        try await pool.withTransaction(isolation: .repeatableRead, readOnly: true, read)
    }

    private func ownOrder(_ context: AppRequestContext) async throws -> UUID {
        let identity = try context.requireRole(.customer, .ops)
        let id = try context.uuid("id")
        guard let owner = try await orders.owner(of: id) else { throw Problem.notFound("order") }
        try identity.requireOwner(owner, of: "order")
        return id
    }

    private static func lastEventID(_ request: Request) throws(Problem) -> Int {
        guard let text = request.headers[.lastEventID] else { return 0 }
        guard let id = Int(text), id >= 0 else {
            throw .invalidParameter("Last-Event-ID", expected: "the id of an event of this stream")
        }
        return id
    }
}

extension Request {
    /// Whether `Accept` names plain text before JSON, or without it. Quality values are not weighed: there are two forms,
    /// and programs that care name one.
    fileprivate var prefersText: Bool {
        let types = headers[values: .accept].flatMap { $0.split(separator: ",") }
            .map { ($0.split(separator: ";").first ?? "").trimmingCharacters(in: .whitespaces).lowercased() }
        let first = types.first { ["text/plain", "text/*", "application/json", "*/*"].contains($0) }
        return first == "text/plain" || first == "text/*"
    }
}
