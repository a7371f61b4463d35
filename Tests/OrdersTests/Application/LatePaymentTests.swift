import ServiceRuntime
import Postgres
import Contracts
import Foundation
import Outbox
import TestSupport
import Testing

@testable import Orders

@Suite("A payment that comes late")
struct LatePaymentTests {
    /// Timed out, the stock released, the payment said to be cancelled: settled.
    private func timedOut(_ setting: Setting) async throws -> TestOrder {
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        try await setting.passDeadline(of: order)
        try await setting.apply(try order.paymentCancelled(), try order.released("failed"))
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED settled")
        return order
    }

    @Test("saves the order when the stock can be had again")
    func saves() async throws {
        let setting = try await Setting()
        let order = try await timedOut(setting)
        try await setting.apply(try order.succeeded())
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED")
        #expect(try await setting.awaited(order) == .rescue)
        #expect(try await setting.count("select count(*) from money_without_stock") == 1)
        try await setting.apply(try order.reserved(.v7()))
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        #expect(try await setting.record(order.id).reason == nil)
        #expect(try await setting.told(order).suffix(2) == [EventType.orderLatePayment, EventType.orderConfirmed])
        #expect(try await setting.count("select count(*) from money_without_stock") == 0)
    }

    @Test("is given back once when the stock is gone")
    func outOfStock() async throws {
        let setting = try await Setting()
        let order = try await timedOut(setting)
        try await setting.apply(try order.succeeded(), try order.succeeded(), try order.outOfStock())
        let due = try await setting.told(EventType.orderRefundDue, as: OrderRefundDue.self, of: order)
        #expect(due.map(\.reason) == ["late_payment"])
        #expect(try await setting.awaited(order) == .undo)
        try await setting.apply(try order.succeeded(), try order.outOfStock())
        #expect(try await setting.told(EventType.orderRefundDue, as: OrderRefundDue.self, of: order).count == 1)
        try await setting.apply(try order.refunded())
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED settled")
        #expect(try await setting.saga(order.id).state.payment == .refunded)
    }

    @Test("is given back when inventory does not answer in time; what it holds after that is released")
    func rescueTimesOut() async throws {
        let setting = try await Setting()
        let order = try await timedOut(setting)
        try await setting.apply(try order.succeeded())
        try await setting.passDeadline(of: order)
        #expect(
            try await setting.told(order).suffix(3) == [
                EventType.orderLatePayment, EventType.orderFailed, EventType.orderRefundDue,
            ])
        var late = order
        late.reservation = .v7()
        try await setting.apply(try late.reserved())
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED")
        try await setting.apply(try order.refunded(), try late.released("failed"))
        #expect(try await setting.state(order) == "PAYMENT_FAILED FAILED settled")
    }

    @Test("is given back at once when the customer had cancelled")
    func cancelledByCustomer() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        _ = try await setting.service.cancelOrder(
            order.id, by: .over(http: Identity(subject: "ana", role: .customer)))
        try await setting.apply(try order.released("cancelled"), try order.succeeded())
        #expect(
            try await setting.told(order) == [
                EventType.orderCreated, EventType.orderCancelled, EventType.orderRefundDue,
            ])
        try await setting.apply(try order.refunded())
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
    }

    @Test("stock that is lost after the payment cancels the order and gives the money back")
    func stockLost() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.succeeded(), try order.outOfStock())
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
        #expect(try await setting.record(order.id).reason == "stock_lost")
        #expect(
            try await setting.told(order).suffix(3) == [
                EventType.orderConfirmed, EventType.orderCancelled, EventType.orderRefundDue,
            ])
        #expect(try await setting.count("select count(*) from money_without_stock") == 1)
        let half = Money(amount: 2_500, currency: "EUR")
        var partly = order
        partly.price = half
        try await setting.apply(try partly.refunded())
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
        try await setting.apply(try partly.refunded())
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
    }
}
