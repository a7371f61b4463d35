import Foundation
import Hummingbird
import ServiceRuntime

/// Placing, reading and cancelling orders.
struct OrderRoutes: Sendable {
    let orders: OrderStore
    let placeOrder: PlaceOrder
    let cancelOrder: CancelOrder
    let waitForOrder: WaitForOrder
    let maxWait: Duration

    func add(to router: Router<AppRequestContext>) {
        router.post("/orders", use: place)
        router.get("/orders", use: list)
        router.get("/orders/{id}", use: get)
        router.post("/orders/{id}/cancel", use: cancel)
    }

    /// 202 with the order; with `?wait` the order is given as it is once nothing but the customer is awaited.
    @Sendable private func place(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.customer)
        let key = try request.idempotencyKey()
        let wait = try request.wait(upTo: maxWait)
        let ordered = try OrderedLines(await decodeJSON(OrderRequest.self, from: request, context: context))
        let placed = try await placeOrder(ordered, customer: identity.subject, key: key)
        var headers: HTTPFields = [.location: OrderView.Links(placed.orderID).`self`]
        if placed.isReplayed { headers[.idempotentReplayed] = "true" }
        if let wait, wait > .zero,
            let order = try await waitForOrder(placed.orderID, upTo: wait, until: { $0.awaitsNobodyElse })
        {
            return try .json(OrderView(order), status: .accepted, headers: headers)
        }
        return Response(status: .accepted, headers: headers, jsonBytes: placed.answer)
    }

    /// With `?wait`: once the order is no longer PENDING, or, with `If-None-Match`, once it has changed.
    @Sendable private func get(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.customer, .ops)
        let id = try context.uuid("id")
        let wait = try request.wait(upTo: maxWait) ?? .zero
        // Whose it is comes first: nobody waits for an order of somebody else.
        guard let owner = try await orders.owner(of: id) else { throw Problem.notFound("order") }
        try identity.requireOwner(owner, of: "order")
        let order = try await waitForOrder(id, upTo: wait) { order in
            guard request.headers[.ifNoneMatch] != nil else { return order.status != .pending }
            return (try? Self.answer(order, to: request).status) != .notModified
        }
        guard let order else { throw Problem.notFound("order") }
        return try Self.answer(order, to: request)
    }

    private static func answer(_ order: OrderRecord, to request: Request) throws -> Response {
        let body = try AppJSON.encode(OrderView(order))
        let tag = ETag(hashing: body)
        if let unchanged = request.notModified(tag) { return unchanged }
        return Response(
            status: .ok, headers: [.eTag: tag.description, .cacheControl: "private, no-cache"], jsonBytes: body)
    }

    @Sendable private func list(_ request: Request, _ context: AppRequestContext) async throws -> Page<OrderView> {
        let identity = try context.requireRole(.customer, .ops)
        let page = try PageRequest<UUID>(request)
        let filter = try OrderStore.Filter(request, for: identity)
        let rows = try await orders.list(filter, before: page.cursor, limit: page.limit + 1)
        return try Page(rows: rows.map(OrderView.init), for: page, cursor: \.orderId)
    }

    @Sendable private func cancel(_ request: Request, _ context: AppRequestContext) async throws -> OrderAnswer {
        let identity = try context.requireRole(.customer, .ops)
        let id = try context.uuid("id")
        _ = try await cancelOrder(id, by: .over(http: identity))
        guard let order = try await orders.find(id) else { throw Problem.notFound("order") }
        return OrderAnswer(order: OrderView(order))
    }
}

/// An order, as the whole answer.
struct OrderAnswer: ResponseEncodable, Encodable {
    let order: OrderView

    func encode(to encoder: any Encoder) throws { try order.encode(to: encoder) }
}
