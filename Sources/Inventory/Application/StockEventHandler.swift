import Contracts
import Outbox
import Postgres

/// Applies what the other services say to the stock: one load and one write for a whole batch, in stream order.
struct StockEventHandler: EventHandler {
    /// Of the stream `orders`.
    static let orderTypes = [
        EventType.orderCreated, EventType.orderConfirmed, EventType.orderCancelled, EventType.orderFailed,
        EventType.orderLatePayment,
    ]
    /// Of the stream `payments`.
    static let paymentTypes = [EventType.paymentPending]

    let store: StockBookStore

    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
        try await handle(batch: [event], in: transaction).first ?? .ignored("no outcome")
    }

    func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        let decisions = try batch.map { (event: $0, decision: try Self.decision(for: $0)) }
        let commands = decisions.compactMap(\.decision.command)
        guard !commands.isEmpty else { return decisions.map(\.decision.outcome) }
        var book = try await store.load(for: commands, in: transaction)
        var outcomes: [HandlerOutcome] = []
        outcomes.reserveCapacity(batch.count)
        for (event, decision) in decisions {
            guard let command = decision.command else {
                outcomes.append(decision.outcome)
                continue
            }
            switch try book.apply(command, traceparent: event.traceparent) {
            case .applied: outcomes.append(.applied)
            case .ignored(let reason): outcomes.append(.ignored(reason))
            }
        }
        try store.save(book, in: transaction)
        return outcomes
    }

    /// What an event asks for.
    enum Decision {
        case command(StockCommand)
        case none(HandlerOutcome)

        var command: StockCommand? {
            if case .command(let command) = self { command } else { nil }
        }

        var outcome: HandlerOutcome {
            if case .none(let outcome) = self { outcome } else { .applied }
        }
    }

    static func decision(for event: InboundEvent) throws -> Decision {
        switch event.type {
        case EventType.orderCreated:
            let data = try event.data(OrderCreated.self)
            let lines = data.lines.map { StockLine(sku: $0.sku, quantity: $0.quantity) }
            return .command(.reserve(OrderReference(orderID: data.orderId, sagaID: data.sagaId), lines))
        case EventType.orderLatePayment:
            let data = try event.data(OrderLatePayment.self)
            return .command(.reserveAgain(OrderReference(orderID: data.orderId, sagaID: data.sagaId), data.lines))
        case EventType.orderConfirmed:
            let data = try event.data(OrderConfirmed.self)
            return .command(.commit(OrderReference(orderID: data.orderId, sagaID: data.sagaId)))
        case EventType.orderCancelled:
            let data = try event.data(OrderCancelled.self)
            let order = OrderReference(orderID: data.orderId, sagaID: data.sagaId)
            return .command(data.isFinal ? .close(order) : .release(order, .cancelled))
        case EventType.orderFailed:
            let data = try event.data(OrderFailed.self)
            return .command(.release(OrderReference(orderID: data.orderId, sagaID: data.sagaId), .failed))
        case EventType.paymentPending:
            let data = try event.data(PaymentPending.self)
            // Only money that is on its way holds stock for longer; a customer who has yet to act does not.
            guard data.status == "processing" else { return .none(.ignored("the payment is not processing")) }
            return .command(.extend(orderID: data.orderId))
        default:
            return .none(.parked("no handler for the type \(event.type)"))
        }
    }
}
