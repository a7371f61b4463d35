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
        switch try Self.reading(event) {
        case .request(let request): try await ledger.apply([request], in: transaction).first ?? .applied
        case .outcome(let outcome): outcome
        }
    }

    /// The orders of a batch are different ones, so that all their payments can be taken at once.
    func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        let readings = try batch.map(Self.reading)
        let requests = readings.compactMap { reading in
            if case .request(let request) = reading { request } else { nil }
        }
        guard Set(requests.map(\.order)).count == requests.count else {
            var outcomes: [HandlerOutcome] = []
            for event in batch { outcomes.append(try await handle(event, in: transaction)) }
            return outcomes
        }
        var applied = try await requests.isEmpty ? [] : ledger.apply(requests, in: transaction)
        return readings.map { reading in
            switch reading {
            case .request: applied.removeFirst()
            case .outcome(let outcome): outcome
            }
        }
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
