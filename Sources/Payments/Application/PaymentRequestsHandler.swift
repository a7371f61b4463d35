import Contracts
import Foundation
import Outbox
import Postgres

/// What the order saga tells and asks, and what inventory tells: all that begins, ends or changes an order's payment.
struct PaymentRequestsHandler: EventHandler {
    let ledger: PaymentLedger

    /// From the stream `orders`. Some of its types are nothing to payments, but they must not be parked.
    static let orderTypes = EventType.orders
    /// From the stream `inventory`.
    static let inventoryTypes = [EventType.inventoryReserved]

    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
        try await handle(batch: [event], in: transaction).first ?? .ignored("nothing to do")
    }

    /// Takes all payments at once; what else there is of an order waits for the next round.
    func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        var outcomes = [HandlerOutcome](repeating: .ignored("nothing to payments"), count: batch.count)
        var rounds: [[(index: Int, request: PaymentLedger.Request)]] = []
        var events: [UUID: Int] = [:]
        for (index, event) in batch.enumerated() {
            switch try Self.reading(event) {
            case .request(let request):
                let round = events[request.order, default: 0]
                events[request.order] = round + 1
                if round == rounds.count { rounds.append([]) }
                rounds[round].append((index, request))
            case .outcome(let outcome): outcomes[index] = outcome
            }
        }
        for round in rounds {
            let applied = try await ledger.apply(round.map(\.request), in: transaction)
            for (entry, outcome) in zip(round, applied) { outcomes[entry.index] = outcome }
        }
        return outcomes
    }

    enum Reading {
        case request(PaymentLedger.Request)
        /// Nothing is asked for.
        case outcome(HandlerOutcome)
    }

    static func reading(_ event: InboundEvent) throws -> Reading {
        func request(_ input: PaymentInput, _ order: UUID, _ saga: UUID) -> Reading {
            .request(
                PaymentLedger.Request(
                    input: input, order: order, saga: saga,
                    cause: PaymentCause(kind: event.type, id: event.id.lowercased), traceparent: event.traceparent))
        }
        switch event.type {
        case EventType.orderCreated:
            let data = try event.data(OrderCreated.self)
            let input = PaymentInput.orderCreated(
                customerID: data.customerId, price: data.total, paymentMethod: data.paymentMethod)
            return request(input, data.orderId, data.sagaId)
        case EventType.inventoryReserved:
            let data = try event.data(InventoryReserved.self)
            return request(.stockReserved(expiresAt: data.expiresAt), data.orderId, data.sagaId)
        case EventType.orderCancelled:
            let data = try event.data(OrderCancelled.self)
            return request(.orderEnded(reason: data.reason), data.orderId, data.sagaId)
        case EventType.orderFailed:
            let data = try event.data(OrderFailed.self)
            return request(.orderEnded(reason: data.reason), data.orderId, data.sagaId)
        case EventType.orderPaymentOverdue:
            let data = try event.data(OrderPaymentOverdue.self)
            return request(.overdue, data.orderId, data.sagaId)
        case EventType.orderRefundDue:
            let data = try event.data(OrderRefundDue.self)
            return request(.refundDue(reason: data.reason), data.orderId, data.sagaId)
        case EventType.orderConfirmed, EventType.orderLatePayment:
            return .outcome(.ignored("nothing to payments"))
        default:
            return .outcome(.parked("no handler for the type \(event.type)"))
        }
    }
}
