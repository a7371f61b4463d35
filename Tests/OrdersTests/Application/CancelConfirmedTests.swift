import Contracts
import Foundation
import HTTPTypes
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("Cancelling a confirmed order")
struct CancelConfirmedTests {
    private let ana = SagaRequest.over(http: Identity(subject: "ana", role: .customer))
    private let olga = SagaRequest.over(http: Identity(subject: "olga", role: .ops))

    private func confirmed(_ configuration: OrdersConfiguration = OrdersConfiguration()) async throws -> (
        Setting, TestOrder
    ) {
        let setting = try await Setting(configuration)
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending(), try order.succeeded())
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        return (setting, order)
    }

    @Test(
        "asks for the money and the stock, and settles when both are back, in whatever order", arguments: [true, false])
    func settles(moneyFirst: Bool) async throws {
        let (setting, order) = try await confirmed()
        let outcome = try await setting.service.cancelOrder(order.id, by: ana)
        #expect(outcome.fromState == .completed && outcome.toState == .cancelled)
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
        #expect(try await setting.told(order).suffix(2) == [EventType.orderCancelled, EventType.orderRefundDue])
        let cancelled = try await setting.told(EventType.orderCancelled, as: OrderCancelled.self, of: order)
        #expect(cancelled.map(\.isFinal) == [true])
        #expect(try await setting.awaited(order) == .undo)
        let answers = [try order.refunded(), try order.released("cancelled")]
        for answer in moneyFirst ? answers : answers.reversed() {
            #expect(try await setting.state(order) == "CANCELLED CANCELLED")
            try await setting.apply(answer)
        }
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
        #expect(try await setting.job(of: order) == nil)
    }

    @Test("asks again for what is not back")
    func repeats() async throws {
        let (setting, order) = try await confirmed()
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        try await setting.passDeadline(of: order)
        #expect(try await setting.told(order).suffix(2) == [EventType.orderCancelled, EventType.orderRefundDue])
        try await setting.apply(try order.released("cancelled"))
        try await setting.passDeadline(of: order)
        #expect(try await setting.told(order).last == EventType.orderRefundDue)
        #expect(try await setting.told(order).count { $0 == EventType.orderCancelled } == 2)
        try await setting.apply(try order.refunded())
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
    }

    @Test("is not settled by the late end of an earlier hold", arguments: ["expired", "failed", "operator"])
    func waitsForTheReturn(reason: String) async throws {
        let (setting, order) = try await confirmed()
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        try await setting.apply(try order.refunded(), try order.released(reason))
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
        try await setting.apply(try order.released("cancelled"))
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
    }

    @Test("gives back only what an operator has not given back before")
    func afterPartialRefund() async throws {
        let (setting, order) = try await confirmed()
        var part = order
        part.price = Money(amount: 2_000, currency: "EUR")
        try await setting.apply(try part.refunded())
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        try await setting.apply(try order.released("cancelled"))
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
        part.price = Money(amount: 3_000, currency: "EUR")
        try await setting.apply(try part.refunded())
        #expect(try await setting.state(order) == "CANCELLED CANCELLED settled")
    }

    @Test("twice is the same as once, and the two at the same moment too")
    func once() async throws {
        let (setting, order) = try await confirmed()
        async let one = setting.service.cancelOrder(order.id, by: ana)
        async let other = setting.service.cancelOrder(order.id, by: ana)
        _ = try await (one, other)
        _ = try await setting.service.cancelOrder(order.id, by: ana)
        #expect(try await setting.told(order).count { $0 == EventType.orderRefundDue } == 1)
        #expect(try await setting.told(order).count { $0 == EventType.orderCancelled } == 1)
    }

    @Test("is refused to customers when the window is over, with a code and the time; operators have no limit")
    func window() async throws {
        let (setting, order) = try await confirmed(OrdersConfiguration(cancellationWindow: .seconds(60)))
        try await setting.pool.query(
            "update saga set settled_at = settled_at - interval '61 seconds' where order_id = $1", order.id)
        let problem = await #expect(throws: Problem.self) {
            _ = try await setting.service.cancelOrder(order.id, by: ana)
        }
        #expect(problem?.status == .conflict && problem?.code == "cancellation_window_closed")
        #expect(problem?.fields["cancellableUntil"] != nil)
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        _ = try await setting.service.cancelOrder(order.id, by: olga)
        #expect(try await setting.state(order) == "CANCELLED CANCELLED")
    }

    @Test("a window of zero closes at once")
    func noWindow() async throws {
        let (setting, order) = try await confirmed(OrdersConfiguration(cancellationWindow: .zero))
        let problem = await #expect(throws: Problem.self) {
            _ = try await setting.service.cancelOrder(order.id, by: ana)
        }
        #expect(problem?.code == "cancellation_window_closed")
    }

    @Test("of a saga that version 1 began is decided as version 1 did")
    func versionOne() async throws {
        let (setting, order) = try await confirmed()
        try await setting.pool.query(
            """
            update saga set definition_version = 1, data = (data::jsonb || '{"version": 1}')::json where order_id = $1
            """, order.id)
        let problem = await #expect(throws: Problem.self) {
            _ = try await setting.service.cancelOrder(order.id, by: ana)
        }
        #expect(problem?.code == "order_not_cancellable")
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
    }

    @Test("the history says who asked and why, and the timeline only which side it was")
    func audit() async throws {
        let (setting, order) = try await confirmed()
        _ = try await setting.service.cancelOrder(order.id, by: .commandLine("root", remark: "broken in the kiln"))
        let row = try #require(try await setting.service.history.all(of: order.id).last)
        #expect(row.event == "customer.cancel" && row.actor == "cli:root" && row.remark == "broken in the kiln")
        #expect(row.title == "Cancelled by an operator")
        let other = try await setting.order()
        _ = try await setting.service.cancelOrder(other.id, by: ana)
        let second = try #require(try await setting.service.history.all(of: other.id).last)
        #expect(second.actor == "customer:ana" && second.title == "Cancelled by the customer")
    }

    @Test("a rehearsal says what would happen and writes nothing")
    func rehearsal() async throws {
        let (setting, order) = try await confirmed()
        let before = try await setting.service.history.all(of: order.id).count
        let told = try await setting.told(order)
        let outcome = try await setting.service.cancelOrder(order.id, by: olga, isRehearsal: true)
        #expect(outcome.isDryRun && outcome.isApplied)
        #expect(outcome.fromState == .completed && outcome.toState == .cancelled)
        #expect(outcome.fromStatus == .confirmed && outcome.toStatus == .cancelled)
        #expect(outcome.events == [EventType.orderCancelled, EventType.orderRefundDue])
        #expect(outcome.deadline?.waitsFor == .undo)
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        #expect(try await setting.service.history.all(of: order.id).count == before)
        #expect(try await setting.told(order) == told)
        #expect(try await setting.job(of: order) == nil)
        // What it said is what then happens.
        let done = try await setting.service.cancelOrder(order.id, by: olga)
        #expect(done.events == outcome.events && done.toState == outcome.toState && !done.isDryRun)
    }
}
