import Postgres
import HTTPTypes
import Contracts
import Foundation
import Outbox
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("Cancelling an order")
struct CancelOrderTests {
    private let ana = SagaRequest.over(http: Identity(subject: "ana", role: .customer))

    @Test("is taken in every running state", arguments: 0...2)
    func running(events: Int) async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let before = [try order.reserved(), try order.pending()].prefix(events)
        try await setting.apply(batch: Array(before))
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
        let cancelled = try await setting.told(EventType.orderCancelled, as: OrderCancelled.self, of: order)
        #expect(cancelled.map(\.reason) == ["customer_request"])
        #expect(try await setting.awaited(order) == .undo)
        try await setting.apply(try order.paymentCancelled(), try order.released("cancelled"))
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
    }

    @Test("twice is the same as once")
    func twice() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        #expect(try await setting.told(order) == [EventType.orderCreated, EventType.orderCancelled])
        #expect(try await setting.service.history.all(of: order.id).count == 2)
    }

    @Test("is refused once the order has ended otherwise")
    func ended() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.passDeadline(of: order)
        let problem = await #expect(throws: Problem.self) {
            _ = try await setting.service.cancelOrder(order.id, by: ana)
        }
        #expect(problem?.code == "order_not_cancellable" && problem?.status == .conflict)
        #expect(try await setting.state(order) == "STOCK_FAILED FAILED")
    }

    @Test("is for its customer and for operators")
    func owner() async throws {
        let setting = try await Setting()
        let order = try await setting.order(customer: "ana")
        for (id, identity) in [
            (order.id, Identity(subject: "berta", role: .customer)),
            (UUID.v7(), Identity(subject: "ana", role: .customer)),
        ] {
            let problem = await #expect(throws: Problem.self) {
                _ = try await setting.service.cancelOrder(id, by: .over(http: identity))
            }
            #expect(problem?.code == "not_found")
        }
        #expect(try await setting.state(order) == "STARTED PENDING")
        _ = try await setting.service.cancelOrder(order.id, by: .over(http: Identity(subject: "olga", role: .ops)))
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
    }

    @Test("at the same moment as the payment ends in one of two ways, and never in both")
    func race() async throws {
        let setting = try await Setting()
        for _ in 0..<10 {
            let order = try await setting.order()
            try await setting.apply(try order.reserved(), try order.pending())
            async let cancelled = setting.service.cancelOrder(order.id, by: ana)
            async let paid = setting.apply(try order.succeeded())
            let wasCancelled = (try? await cancelled) != nil
            _ = try await paid
            let told = try await setting.told(order)
            if wasCancelled {
                #expect(told.suffix(2) == [EventType.orderCancelled, EventType.orderRefundDue])
            } else {
                #expect(told.last == EventType.orderConfirmed)
            }
        }
    }
}

@Suite("Retrying a saga")
struct RetrySagaTests {
    @Test("asks again for the undo, from the first delay on")
    func undo() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.outOfStock())
        try await setting.passDeadline(of: order)
        try await setting.service.retrySaga(order.id, by: .commandLine("olga"))
        #expect(try await setting.told(order).count { $0 == EventType.orderCancelled } == 3)
        #expect(try await setting.saga(order.id).state.attempts == 0)
        #expect(try await setting.awaited(order) == .undo)
    }

    @Test("tells the services of an order again that they have not answered, and gives the saga its deadline anew")
    func running() async throws {
        let setting = try await Setting()
        let order = try await setting.order(paymentMethod: "pm_card_visa")
        let first = try #require(try await setting.job(of: order))
        try await setting.pool.query("delete from scheduled_job")
        try await setting.service.retrySaga(order.id, by: .commandLine("olga"))
        #expect(try #require(try await setting.job(of: order)) > first)
        #expect(try await setting.awaited(order) == .stock)
        let told = try await setting.told(EventType.orderCreated, as: OrderCreated.self, of: order)
        #expect(told.count == 2)
        #expect(told.first == told.last, "the whole order is told again as it was")
    }

    @Test("of an order that waits for its customer asks nobody")
    func paying() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        try await setting.service.retrySaga(order.id, by: .commandLine("olga"))
        #expect(try await setting.told(order) == [EventType.orderCreated])
        #expect(try await setting.awaited(order) == .payment)
    }

    @Test("asks inventory again for the stock of a late payment")
    func rescue() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.passDeadline(of: order)
        try await setting.apply(try order.succeeded())
        try await setting.service.retrySaga(order.id, by: .commandLine("olga"))
        let told = try await setting.told(EventType.orderLatePayment, as: OrderLatePayment.self, of: order)
        #expect(told.map(\.lines) == [[StockLine(sku: "bowl", quantity: 2)], [StockLine(sku: "bowl", quantity: 2)]])
        #expect(try await setting.awaited(order) == .rescue)
    }

    @Test("of a settled one is refused, and leaves no trace")
    func settled() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.succeeded())
        let problem = await #expect(throws: Problem.self) {
            try await setting.service.retrySaga(order.id, by: .commandLine("olga"))
        }
        #expect(problem?.code == "nothing_to_retry")
        let missing = await #expect(throws: Problem.self) {
            try await setting.service.retrySaga(.v7(), by: .commandLine("olga"))
        }
        #expect(missing?.code == "not_found")
        #expect(try await setting.service.history.all(of: order.id).count == 3)
    }
}
