import Contracts
import Foundation
import Outbox
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("Payment flows, against the sandbox")
struct PaymentFlowTests {
    @Test("an order with a good payment method is charged once, whichever comes first", arguments: [true, false])
    func charges(orderFirst: Bool) async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            if orderFirst {
                try await setting.hear(order.created(), order.reserved())
            } else {
                try await setting.hear(order.reserved(), order.created())
            }
            let payment = try await setting.reach(order, .succeeded)
            #expect(payment.amountReceived == 2500)
            try await setting.expectTold(order, "succeeded")
            let told = try #require(try await setting.told(order).first?.data)
            #expect(told.orderId == order.id)
            #expect(told.sagaId == order.saga)
            #expect(told.paymentIntentId == payment.paymentIntentID)
            #expect(told.amount == .init(amount: 2500, currency: "EUR"))
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.charges.count == 1)
            let intent = try #require(snapshot.paymentIntents.first)
            #expect(intent.metadata["order_id"] == order.id.uuidString.lowercased())
            #expect(intent.metadata["saga_id"] == order.saga.uuidString.lowercased())
            #expect(intent.metadata["payment_id"] == payment.id.uuidString.lowercased())
            // The webhooks that follow find everything known.
            try await eventually("all events are taken") {
                try await setting.number("select count(*) from webhook_event where state = 'pending'") == 0
                    && setting.sandbox.snapshot().events.allSatisfy(\.isDelivered)
            }
            #expect(try await setting.types(order) == ["succeeded"])
        }
    }

    @Test("events that come twice change nothing")
    func toleratesRepeats() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            // The inbox keeps true duplicates away; these are other events that say the same.
            try await setting.hear(order.created(), order.created(), order.reserved(), order.reserved())
            _ = try await setting.reach(order, .succeeded)
            let late = try await setting.hear(order.created(), order.reserved(), order.confirmed())
            #expect(late.allSatisfy { $0 != .applied })
            #expect(try setting.sandbox.snapshot().paymentIntents.count == 1)
            #expect(try await setting.types(order) == ["succeeded"])
        }
    }

    @Test("without a payment method the payment waits for the customer, who pays")
    func waitsForCustomer() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder()
            try await setting.place(order)
            let payment = try await setting.reach(order, .pending)
            try await setting.expectTold(order, "pending")
            #expect(try await setting.told(order).first?.data.status == "requires_payment_method")
            try setting.sandbox.pay(try #require(payment.paymentIntentID))
            _ = try await setting.reach(order, .succeeded)
            try await setting.expectTold(order, "pending", "succeeded")
        }
    }

    @Test("a decline without a customer is final")
    func declines() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_chargeDeclinedInsufficientFunds")
            try await setting.place(order)
            let payment = try await setting.reach(order, .failed)
            #expect(payment.lastErrorCode == "insufficient_funds")
            try await setting.expectTold(order, "failed")
            let told = try #require(try await setting.told(order).first?.data)
            #expect(told.reason == "insufficient_funds")
            #expect(told.final == true)
            #expect(told.attempts == 1)
            // The saga cancels the order; the PaymentIntent is cancelled, so that nobody can pay any more.
            try await setting.hear(order.cancelled("payment_declined"))
            _ = try await setting.reach(order, .cancelled)
            try await setting.expectTold(order, "failed", "cancelled")
            #expect(try setting.sandbox.snapshot().paymentIntents.first?.status == "canceled")
        }
    }

    @Test("a customer may try three times; each try counts once")
    func countsTries() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder()
            try await setting.place(order)
            let id = try #require(try await setting.reach(order, .pending).paymentIntentID)
            for attempt in 1...3 {
                try setting.sandbox.pay(id, with: "pm_card_chargeDeclined")
                try await eventually("try \(attempt) is told") {
                    try await setting.told(order).last?.data.attempts == attempt
                }
            }
            let told = try await setting.told(order)
            #expect(told.map { $0.data.final } == [nil, false, false, true])
            #expect(try await setting.payment(order)?.status == .failed)
        }
    }

    @Test("a decline, then a good card: the order is paid")
    func succeedsAtSecondTry() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder()
            try await setting.place(order)
            let id = try #require(try await setting.reach(order, .pending).paymentIntentID)
            try setting.sandbox.pay(id, with: "pm_card_chargeDeclined")
            try await setting.expectTold(order, "pending", "failed")
            try setting.sandbox.pay(id)
            _ = try await setting.reach(order, .succeeded)
            try await setting.expectTold(order, "pending", "failed", "succeeded")
        }
    }

    @Test("an action that the bank asks for is told, and its end too", arguments: [true, false])
    func asksForAction(succeeds: Bool) async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_authenticationRequired")
            try await setting.place(order)
            let payment = try await setting.reach(order, .pending)
            #expect(payment.stripeStatus == .requiresAction)
            try await setting.expectTold(order, "pending")
            #expect(try await setting.told(order).first?.data.status == "requires_action")
            try setting.sandbox.completeAction(try #require(payment.paymentIntentID), succeeds: succeeds)
            try await setting.expectTold(order, "pending", succeeds ? "succeeded" : "failed")
        }
    }

    @Test("what Stripe is processing is told, and its end too", arguments: [true, false])
    func processes(succeeds: Bool) async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(
                paymentMethod: succeeds ? "pm_sandbox_processingSucceeds" : "pm_sandbox_processingFails")
            try await setting.place(order)
            _ = try await setting.reach(order, succeeds ? .succeeded : .failed)
            try await setting.expectTold(order, "pending", succeeds ? "succeeded" : "failed")
            #expect(try await setting.told(order).first?.data.status == "processing")
        }
    }

    @Test(
        "what Stripe never takes fails the payment for good",
        arguments: [
            (TestOrder(amount: 10, paymentMethod: "pm_card_visa"), "amount_too_small"),
            (TestOrder(amount: 100_000_000), "amount_too_large"),
            (TestOrder(paymentMethod: "pm_of_nobody"), "resource_missing"),
        ])
    func fails(order: TestOrder, code: String) async throws {
        try await PaymentsSetting.run { setting in
            try await setting.place(order)
            _ = try await setting.reach(order, .failed)
            let told = try #require(try await setting.told(order).last?.data)
            #expect(told.reason == code)
            #expect(told.final == true)
            try await setting.hear(order.cancelled("payment_declined"))
            _ = try await setting.reach(order, .cancelled)
            try await eventually("no call is left") {
                try await setting.number("select count(*) from stripe_call where state = 'pending'") == 0
            }
        }
    }

    @Test("two batches that take the same orders, each in its own order, do not wait for each other in a circle")
    func takesBatches() async throws {
        try await PaymentsSetting.run { setting in
            let orders = (0..<40).map { _ in TestOrder(paymentMethod: "pm_card_visa") }
            let created = try orders.map { try $0.created() }
            let reserved = try orders.reversed().map { try $0.reserved() }
            try await withThrowingTaskGroup(of: [HandlerOutcome].self) { group in
                for batch in [created, reserved] {
                    group.addTask {
                        let handler = PaymentRequestsHandler(ledger: setting.service.ledger)
                        return try await setting.pool.withTransaction { transaction in
                            try await handler.handle(batch: batch, in: transaction)
                        }
                    }
                }
                for try await outcomes in group {
                    #expect(outcomes == [HandlerOutcome](repeating: .applied, count: 40))
                }
            }
            for order in orders { _ = try await setting.reach(order, .succeeded) }
            #expect(try setting.sandbox.snapshot().charges.count == 40)
        }
    }

    @Test("what is heard in one batch is as if it were heard one by one, also several events of one order")
    func takesBatchesAsOneByOne() async throws {
        var options = PaymentsSetting.Options()
        options.runsJobs = false
        try await PaymentsSetting.run(options) { setting in
            struct Orders {
                let paid = TestOrder(paymentMethod: "pm_card_visa")
                let waiting = TestOrder()
                let cancelled = TestOrder()
                let late = TestOrder()
                let other = TestOrder()

                func events() throws -> [InboundEvent] {
                    [
                        try paid.created(), try waiting.reserved(), try cancelled.created(),
                        try paid.reserved(traceparent: PaymentFlowTests.trace), try cancelled.cancelled(),
                        try other.confirmed(), try late.cancelled(), try cancelled.reserved(), try late.created(),
                        try paid.created(),
                    ]
                }
            }
            let (one, other) = (Orders(), Orders())
            let handler = PaymentRequestsHandler(ledger: setting.service.ledger)
            let together = try await setting.pool.withTransaction { transaction in
                try await handler.handle(batch: try one.events(), in: transaction)
            }
            var alone: [HandlerOutcome] = []
            for event in try other.events() { alone += try await setting.hear(event) }
            #expect(together == alone)
            #expect(together.count(where: { $0 == .applied }) == 7)
            func seen(_ order: TestOrder) async throws -> [String] {
                let rows = try await setting.pool.query(Self.trail.bind(order.id))
                return try rows.map { try $0.get(0, as: String.self) }
            }
            for order in [\Orders.paid, \.waiting, \.cancelled, \.late] {
                let trail = try await seen(one[keyPath: order])
                #expect(trail.count > 1)
                #expect(try await seen(other[keyPath: order]) == trail)
                #expect(
                    try await setting.types(one[keyPath: order]) == setting.types(other[keyPath: order]))
            }
            #expect(
                try await setting.number(
                    "select count(*) from scheduled_job where kind = 'payment.create-intent'") == 2)
            #expect(try await setting.number("select count(*) from stripe_call where kind = 'confirm'") == 2)
            let traced: Statement =
                "select count(*) from scheduled_job where payload ->> 'traceparent' like '00-0af7651916cd43dd%'"
            #expect(try await setting.number(traced) == 2)
        }
    }

    /// A payment's row without what differs from one order to the next, then its history and its calls.
    private static let trail: Statement = """
        select line
        from (
            select order_id, 1 as part, 0 as number,
                   concat_ws(' ', status, amount_minor, currency, payment_method, stock_reserved_at is not null,
                             reservation_expires_at is not null, cancel_reason, cancel_requested_at is not null) as line
            from payment
            union all
            select p.order_id, 2, h.id, concat_ws(' ', h.cause, h.from_status, h.to_status, h.note)
            from payment_history h join payment p on p.id = h.payment_id
            union all
            select p.order_id, 3, 0, concat_ws(' ', c.kind, c.state)
            from stripe_call c join payment p on p.id = c.payment_id
        ) as trail
        where order_id = $1::uuid
        order by part, number, line
        """

    static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("the trace that asked for the payment goes on with what is told")
    func keepsTraces() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.hear(order.created(), order.reserved(traceparent: Self.trace))
            _ = try await setting.reach(order, .succeeded)
            #expect(
                try await setting.number("select count(*) from outbox where traceparent like '00-0af7651916cd43dd%'")
                    == 1)
        }
    }

    @Test("the rows tell who did what")
    func keepsHistory() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let payment = try await setting.reach(order, .succeeded)
            let rows = try await setting.pool.query(PaymentSQL.history.bind(payment.id)).map {
                [try $0.get(0, as: String.self), try $0.get(2, as: String?.self) ?? "", try $0.get(3, as: String.self)]
            }
            #expect(
                rows == [
                    [EventType.orderCreated, "", "awaiting_stock"],
                    [EventType.inventoryReserved, "awaiting_stock", "creating"],
                    [PaymentJobKind.createIntent, "creating", "succeeded"],
                ])
        }
    }
}
