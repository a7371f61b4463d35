import Contracts
import Foundation
import Outbox
import Postgres

/// Takes inventory's and payments' events: products go to the catalogue's replica, all else to the sagas, a whole batch at
/// once.
struct SagaEventHandler: EventHandler {
    let engine: SagaEngine
    private let catalogue = CatalogueStore()

    init(engine: SagaEngine) {
        self.engine = engine
    }

    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
        try await handle(batch: [event], in: transaction).first ?? .ignored("nothing to do")
    }

    func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        var outcomes = [HandlerOutcome](repeating: .ignored("of no interest to orders"), count: batch.count)
        var inputs: [(index: Int, input: SagaInput)] = []
        var products: [(index: Int, product: InventoryProductChanged)] = []
        for (index, event) in batch.enumerated() {
            if event.type == EventType.inventoryProductChanged {
                products.append((index, try event.data(InventoryProductChanged.self)))
            } else if let input = try SagaInput(event) {
                inputs.append((index, input))
            }
        }
        if !products.isEmpty {
            let changed = try await catalogue.store(products.map(\.product), in: transaction)
            for (index, product) in products {
                outcomes[index] = changed.contains(product.sku) ? .applied : .ignored("the replica is newer")
            }
        }
        let decided = try await engine.apply(inputs.map(\.input), in: transaction)
        for (input, outcome) in zip(inputs, decided) { outcomes[input.index] = Self.outcome(of: outcome) }
        return outcomes
    }

    private static func outcome(of outcome: SagaOutcome) -> HandlerOutcome {
        switch outcome {
        case .decided(let decision):
            switch decision.verdict {
            case .applied: .applied
            case .ignored(let reason): .ignored(reason)
            case .illegal(let reason): .ignored("illegal: \(reason)")
            }
        case .unknownOrder: .parked("there is no such order")
        case .unsupportedVersion(let version): .parked("\(SagaVersionUnknown(version: version))")
        }
    }
}

extension SagaInput {
    /// Reads an event of inventory's or payments'.
    /// - Returns: nil when it says nothing to a saga.
    /// - Throws: `DecodingError`.
    init?(_ event: InboundEvent) throws {
        func input(_ orderID: UUID, _ sagaID: UUID, _ what: OrderSagaEvent) -> SagaInput {
            SagaInput(
                orderID: orderID, sagaID: sagaID, event: what, eventID: event.id, traceparent: event.traceparent)
        }
        switch event.type {
        case EventType.inventoryReserved:
            let data = try event.data(InventoryReserved.self)
            self = input(
                data.orderId, data.sagaId,
                .stockReserved(reservationId: data.reservationId, expiresAt: data.expiresAt))
        case EventType.inventoryOutOfStock:
            let data = try event.data(InventoryOutOfStock.self)
            self = input(data.orderId, data.sagaId, .outOfStock(data.shortages))
        case EventType.inventoryReleased:
            let data = try event.data(InventoryReleased.self)
            self = input(
                data.orderId, data.sagaId, .stockReleased(reservationId: data.reservationId, reason: data.reason))
        case EventType.paymentPending:
            let data = try event.data(PaymentPending.self)
            self = input(data.orderId, data.sagaId, .paymentPending(status: data.status))
        case EventType.paymentSucceeded:
            let data = try event.data(PaymentSucceeded.self)
            self = input(data.orderId, data.sagaId, .paymentSucceeded)
        case EventType.paymentFailed:
            let data = try event.data(PaymentFailed.self)
            self = input(data.orderId, data.sagaId, .paymentFailed(final: data.final))
        case EventType.paymentCancelled:
            let data = try event.data(PaymentCancelled.self)
            self = input(data.orderId, data.sagaId, .paymentCancelled)
        case EventType.paymentRefunded:
            let data = try event.data(PaymentRefunded.self)
            self = input(
                data.orderId, data.sagaId, .paymentRefunded(refundId: data.refundId, amount: data.amount.amount))
        case EventType.paymentRefundFailed:
            let data = try event.data(PaymentRefundFailed.self)
            self = input(data.orderId, data.sagaId, .refundFailed(refundId: data.refundId))
        default:
            return nil
        }
    }
}
