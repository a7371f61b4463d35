import Contracts
import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// `POST /orders`: one round trip to read the prices and what was answered to the same key before, one to write
/// everything: key, order, lines, saga, history, deadline and event, all or nothing.
struct PlaceOrder: Sendable {
    let pool: PostgresPool
    let outbox: OutboxWriter
    let jobs: JobQueue
    let configuration: OrdersConfiguration
    let metrics: OrderMetrics

    /// A placed order and what is answered.
    struct Placed: Sendable {
        let orderID: UUID
        /// The order as it was placed: the same bytes each time the request is repeated.
        let answer: [UInt8]
        /// Whether it had been placed before, by a request with the same key.
        let isReplayed: Bool

        fileprivate init(orderID: UUID, answer: [UInt8]) {
            self.orderID = orderID
            self.answer = answer
            self.isReplayed = false
        }

        /// - Throws: `DecodingError` when what was kept is no order.
        fileprivate init(repeating answer: IdempotentRequest.Answer) throws {
            struct ID: Decodable { let orderId: UUID }
            self.orderID = try WireJSON.decode(ID.self, from: answer.json).orderId
            self.answer = answer.json
            self.isReplayed = true
        }
    }

    /// - Parameters:
    ///   - key: the request's idempotency key, which counts for this customer only.
    /// - Throws: ``Problem`` 422 for what cannot be ordered; `IdempotencyError` for a key that another order was placed
    ///   with, or whose first request takes too long.
    func callAsFunction(_ ordered: OrderedLines, customer: String, key: String) async throws -> Placed {
        let attempt = Attempt(
            request: IdempotentRequest(scope: "orders:\(customer)", key: key, hash: try ordered.hash()),
            ordered: ordered, customer: customer)
        let results = try await pool.pipeline([
            attempt.request.lookup(), CatalogueSQL.find.bind(ordered.lines.map(\.sku)),
        ])
        let (now, answer) = try attempt.request.found(results[0])
        if let answer { return try Placed(repeating: answer) }
        let priced = try PricedOrder(ordered, products: try results[1].map { try CatalogueProduct($0) })
        do {
            return try await insert(NewOrder(attempt, priced, at: now), attempt)
        } catch let error as PostgresError where IdempotentRequest.isTaken(error) {
            let rows = try await pool.query(attempt.request.lookup())
            guard let answer = try attempt.request.found(rows).answer else { throw error }
            return try Placed(repeating: answer)
        } catch let error as PostgresError where error.isLockTimeout {
            throw IdempotencyError.inUse
        }
    }

    private func insert(_ order: NewOrder, _ attempt: Attempt) async throws -> Placed {
        let start = OrderSaga.start(total: order.priced.total.amount, policy: configuration.policy)
        let answer = try WireJSON.encode(OrderView(order.record))
        try await pool.pipeline([
            try order.statement(attempt, start: start, answer: answer, configuration: configuration),
            jobs.statement([
                try NewJob.sagaDeadline(order.sagaID, of: order.id, after: configuration.firstDeadline)
            ]),
            // Last: a position of the ledger is held for as short as can be.
            outbox.statement([try order.event(attempt)]),
        ])
        outbox.committed()
        metrics.orderCreated()
        return Placed(orderID: order.id, answer: answer)
    }

    /// One request.
    fileprivate struct Attempt {
        let request: IdempotentRequest
        let ordered: OrderedLines
        let customer: String
    }
}

/// An order that is about to be written.
private struct NewOrder {
    let id = UUID.v7()
    let sagaID = UUID.v7()
    let priced: PricedOrder
    let record: OrderRecord

    init(_ attempt: PlaceOrder.Attempt, _ priced: PricedOrder, at now: Date) {
        self.priced = priced
        self.record = OrderRecord(
            id: id, sagaID: sagaID, customerID: attempt.customer, status: .pending, step: .started, reason: nil,
            total: priced.total,
            lines: priced.lines.map {
                OrderRecord.Line(
                    sku: $0.product.sku, title: $0.product.title, quantity: $0.quantity, unitPrice: $0.product.price)
            },
            isPaidByServer: attempt.ordered.paymentMethod != nil, createdAt: now, updatedAt: now)
    }

    func statement(
        _ attempt: PlaceOrder.Attempt, start: OrderSagaDecision, answer: [UInt8], configuration: OrdersConfiguration
    ) throws -> BoundStatement {
        OrderSQL.place.bind(
            attempt.request.scope, attempt.request.key, attempt.request.hash, 202, PostgresJSON(answer),
            id, attempt.customer, priced.total.currency, priced.total.amount, attempt.ordered.paymentMethod,
            record.createdAt, priced.lines.map(\.product.sku), priced.lines.map(\.product.artisanID),
            priced.lines.map(\.product.title), priced.lines.map { Int32($0.quantity) },
            priced.lines.map(\.product.price.amount), sagaID, start.state.version, start.state.step.rawValue,
            try start.state.json(), configuration.firstDeadline.wholeMicroseconds,
            configuration.totalDeadline.wholeMicroseconds, try start.actions.map(\.description).json())
    }

    func event(_ attempt: PlaceOrder.Attempt) throws -> OutboxEvent {
        try OrderEvents.event(
            EventType.orderCreated, orderID: id,
            data: OrderCreated(
                orderId: id, sagaId: sagaID, customerId: attempt.customer,
                lines: priced.lines.map {
                    OrderLine(sku: $0.product.sku, quantity: $0.quantity, unitPrice: $0.product.price)
                },
                total: priced.total, paymentMethod: attempt.ordered.paymentMethod))
    }
}

extension Duration {
    /// Postgres' own resolution.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
