import Postgres
import ServiceRuntime
import Contracts
import Foundation
import Outbox
import TestSupport
import Testing

@testable import Orders

/// Each way that an order can go, over the real tables: state, status, events, deadline.
@Suite("An order's saga")
struct SagaFlowTests {
    @Test("reserved, pending, paid: CONFIRMED, and settled with no deadline left")
    func success() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let expiry = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 900).rounded())
        try await setting.apply(try order.reserved(expiresAt: expiry))
        #expect(try await setting.state(order) == "STOCK_RESERVED PENDING")
        #expect(try await setting.awaited(order) == .payment)
        #expect(try await setting.job(of: order) == expiry - 60)
        try await setting.apply(try order.pending())
        #expect(try await setting.state(order) == "PAYMENT_PENDING PENDING")
        try await setting.apply(try order.succeeded())
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        #expect(try await setting.awaited(order) == nil)
        #expect(try await setting.job(of: order) == nil)
        #expect(try await setting.told(order) == [EventType.orderCreated, EventType.orderConfirmed])
        let saga = try await setting.saga(order.id).state
        #expect(saga.stock == .committed && saga.payment == .succeeded)
        let history = try await setting.service.history.all(of: order.id)
        #expect(history.map(\.seq) == [1, 2, 3, 4])
        #expect(history.map(\.to) == [.started, .stockReserved, .paymentPending, .completed])
        #expect(history.last?.actions == ["order CONFIRMED", "order.confirmed.v1", "settled"])
        #expect(history.dropFirst().allSatisfy { $0.eventID != nil })
    }

    @Test("a batch of all its events at once ends the same way")
    func successInOneBatch() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let outcomes = try await setting.apply(
            try order.reserved(), try order.pending(), try order.pending(), try order.succeeded())
        #expect(outcomes == [.applied, .applied, .ignored("pending already"), .applied])
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        #expect(try await setting.told(order) == [EventType.orderCreated, EventType.orderConfirmed])
    }

    @Test("a payment that overtakes its reservation on another stream confirms all the same")
    func paymentOvertakes() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.pending())
        try await setting.apply(try order.succeeded())
        let outcomes = try await setting.apply(try order.reserved())
        #expect(outcomes == [.ignored("the order is confirmed already")])
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
    }

    @Test("out of stock: CANCELLED with what was missing, settled once payments has confirmed")
    func outOfStock() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.outOfStock())
        #expect(try await setting.state(order) == "STOCK_FAILED CANCELLED")
        let cancelled = try await setting.told(EventType.orderCancelled, as: OrderCancelled.self, of: order)
        #expect(cancelled.map(\.reason) == ["out_of_stock"])
        #expect(cancelled.first?.shortages == [Shortage(sku: "bowl", requested: 2, available: 1)])
        #expect(try await setting.record(order.id).reason == "out_of_stock")
        #expect(try await setting.awaited(order) == .undo)
        try await setting.apply(try order.paymentCancelled())
        #expect(try await setting.state(order) == "STOCK_FAILED CANCELLED settled")
        #expect(try await setting.job(of: order) == nil)
    }

    @Test("declined for good: CANCELLED, settled once the stock is released")
    func declined() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending(), try order.declined(final: false))
        #expect(try await setting.state(order) == "PAYMENT_PENDING PENDING")
        try await setting.apply(try order.declined())
        #expect(try await setting.state(order) == "PAYMENT_FAILED CANCELLED")
        #expect(try await setting.record(order.id).reason == "payment_declined")
        try await setting.apply(try order.released("cancelled"))
        #expect(try await setting.state(order) == "PAYMENT_FAILED CANCELLED settled")
        #expect(try await setting.told(order) == [EventType.orderCreated, EventType.orderCancelled])
    }

    @Test("no stock answer in time: FAILED; the undo is asked again until both have confirmed")
    func stockTimeout() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.passDeadline(of: order)
        #expect(try await setting.state(order) == "STOCK_FAILED FAILED")
        #expect(try await setting.record(order.id).reason == "stock_timeout")
        #expect(try await setting.awaited(order) == .undo)
        try await setting.passDeadline(of: order)
        #expect(
            try await setting.told(order) == [EventType.orderCreated, EventType.orderFailed, EventType.orderFailed])
        #expect(try await setting.saga(order.id).state.attempts == 1)
        // Inventory's late answer changes nothing, and the release that follows it is the confirmation.
        try await setting.apply(try order.reserved(), try order.paymentCancelled())
        #expect(try await setting.state(order) == "STOCK_FAILED FAILED")
        try await setting.apply(try order.released("failed"))
        #expect(try await setting.state(order) == "STOCK_FAILED FAILED settled")
    }

    @Test("not paid in time: the payment is cancelled first, and only its answer fails the order")
    func paymentTimeout() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        try await setting.passDeadline(of: order)
        #expect(try await setting.state(order) == "PAYMENT_PENDING PENDING")
        #expect(try await setting.awaited(order) == .answer)
        try await setting.passDeadline(of: order)
        #expect(
            try await setting.told(order) == [
                EventType.orderCreated, EventType.orderPaymentOverdue, EventType.orderPaymentOverdue,
            ])
        try await setting.apply(try order.paymentCancelled())
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED")
        #expect(try await setting.record(order.id).reason == "payment_timeout")
        try await setting.apply(try order.released("failed"))
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED settled")
    }

    @Test("paid at the last moment: the answer to the cancellation is that it succeeded")
    func succeededWhenOverdue() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        try await setting.passDeadline(of: order)
        try await setting.apply(try order.succeeded())
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
    }

    @Test("still processing when overdue: waited for so many times, then asked again and again")
    func processing() async throws {
        let setting = try await Setting(OrdersConfiguration(maxExtensions: 2))
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending("processing"))
        for extensions in 1...2 {
            try await setting.passDeadline(of: order)
            try await setting.apply(try order.pending("processing"))
            #expect(try await setting.awaited(order) == .payment)
            #expect(try await setting.saga(order.id).state.extensions == extensions)
        }
        try await setting.passDeadline(of: order)
        try await setting.apply(try order.pending("processing"))
        #expect(try await setting.awaited(order) == .answer)
        #expect(try await setting.state(order) == "PAYMENT_PENDING PENDING")
        try await setting.apply(try order.paymentCancelled())
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED")
    }

    @Test("a hold that inventory made longer moves the payment's deadline")
    func longerHold() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let now = try await setting.now()
        try await setting.apply(try order.reserved(expiresAt: now + 900), try order.pending("processing"))
        try await setting.apply(try order.reserved(expiresAt: now + 1_800))
        let due = try #require(try await setting.job(of: order))
        #expect(abs(due.timeIntervalSince(now + 1_740)) < 0.01)
    }

    @Test("the whole running phase over: called in for good, whatever the hold says")
    func totalDeadline() async throws {
        let setting = try await Setting(OrdersConfiguration(totalDeadline: .seconds(600)))
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        let saga = try await setting.saga(order.id)
        #expect(saga.deadline?.at == saga.totalDeadline)
        try await setting.pool.query("update saga set total_deadline = now()")
        try await setting.passDeadline(of: order)
        #expect(try await setting.saga(order.id).state.totalPassed)
        try await setting.apply(try order.pending("processing"))
        #expect(try await setting.awaited(order) == .answer)
        try await setting.apply(try order.paymentCancelled())
        #expect(try await setting.record(order.id).reason == "total_timeout")
    }

    @Test("released by expiry while running: as at the payment's deadline, and a payment is then late")
    func holdExpired() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending(), try order.released("expired"))
        #expect(try await setting.state(order) == "PAYMENT_PENDING PENDING")
        #expect(try await setting.awaited(order) == .answer)
        try await setting.apply(try order.succeeded())
        #expect(try await setting.awaited(order) == .rescue)
        let late = try await setting.told(EventType.orderLatePayment, as: OrderLatePayment.self, of: order)
        #expect(late.map(\.lines) == [[StockLine(sku: "bowl", quantity: 2)]])
        try await setting.apply(try order.reserved(.v7()))
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
    }

    @Test("traces go on from the event that caused what is told")
    func tracesGoOn() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.outOfStock())
        let trace: String? = try await setting.pool.query(
            "select traceparent from outbox where subject = 'order.cancelled.v1'"
        ).first?.get(0)
        #expect(trace == TestEvents.traceparent)
    }

    @Test("ends are counted with their duration, by outcome")
    func metrics() async throws {
        let setting = try await Setting()
        let one = try await setting.order()
        let other = try await setting.order()
        try await setting.apply(try one.reserved(), try one.succeeded(), try other.outOfStock())
        let text = await setting.registry.exposition()
        #expect(text.contains("saga_success_rate 0.5\n"))
        #expect(text.contains(#"saga_duration_count{outcome="COMPLETED"} 1"#))
        #expect(text.contains(#"saga_duration_count{outcome="STOCK_FAILED"} 1"#))
        #expect(text.contains(#"order_status_count{status="CONFIRMED"} 1"#))
        #expect(text.contains(#"order_status_count{status="CANCELLED"} 1"#))
    }
}
