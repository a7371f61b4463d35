import Contracts
import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import Inventory

@Suite("How a reservation ends")
struct SettleTests {
    // MARK: order.confirmed.v1

    @Test("a confirmed order takes its pieces off the shelf, and its job is taken back")
    func commits() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        #expect(try await setting.apply(try order.confirmed()) == [.applied])
        #expect(try await setting.stock("JAR") == [3, 0])
        #expect(try await setting.statuses(order) == ["committed"])
        #expect(try await setting.expiryJobs().isEmpty)
        #expect(try await setting.released().isEmpty)
        #expect(try await setting.drift() == 0)
        #expect(try await setting.apply(try order.confirmed()) == [.ignored("committed before")])
        #expect(try await setting.stock("JAR") == [3, 0])
    }

    @Test("an order that is confirmed after its hold expired gets what is still there")
    func commitsAnew() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 2)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        try await expire(order, in: setting)
        try await setting.apply(try order.confirmed())
        #expect(try await setting.stock("JAR") == [0, 0])
        #expect(try await setting.statuses(order) == ["expired", "committed"])
        #expect(try await setting.outOfStock().isEmpty)
        #expect(try await setting.drift() == 0)
    }

    @Test("an order that is confirmed after its hold expired and its pieces were sold is told what is missing")
    func lostStock() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 2)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        try await expire(order, in: setting)
        try await setting.apply(try TestOrder(["JAR": 1]).created())
        try await setting.apply(try order.confirmed())
        #expect(
            try await setting.outOfStock(order).map(\.shortages) == [[Shortage(sku: "JAR", requested: 2, available: 1)]]
        )
        #expect(try await setting.statuses(order) == ["expired"])
        #expect(try await setting.stock("JAR") == [2, 1])
    }

    @Test("a confirmation without any reservation is an error, for somebody to look at")
    func confirmedWithoutReservation() async throws {
        let setting = try await Setting()
        let order = TestOrder(["JAR": 1])
        await #expect(throws: StockBookError.confirmedWithoutReservation(order.id)) {
            try await setting.apply(try order.confirmed())
        }
    }

    // MARK: order.cancelled.v1, order.failed.v1

    @Test("a cancelled or failed order gives its pieces back, and is told with its lines", arguments: [true, false])
    func releases(isCancelled: Bool) async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        try await setting.apply(isCancelled ? try order.cancelled() : try order.failed())
        #expect(try await setting.stock("JAR") == [5, 0])
        #expect(try await setting.statuses(order) == ["released"])
        let told = try #require(try await setting.released(order).first)
        #expect(told.reason == (isCancelled ? "cancelled" : "failed"))
        #expect(told.lines == order.lines)
        #expect(told.sagaId == order.saga)
        #expect(told.reservationId == (try await setting.reservationID(order)))
        #expect(try await setting.expiryJobs().isEmpty)
        #expect(try await setting.drift() == 0)
    }

    @Test("an order that is cancelled after it was sold: its pieces are on the shelf again, in the ledger, and told")
    func returns() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created(), try order.confirmed())
        #expect(try await setting.stock("JAR") == [3, 0])
        try await setting.apply(try order.cancelled())
        #expect(try await setting.stock("JAR") == [5, 0])
        #expect(try await setting.statuses(order) == ["released"])
        #expect(try await setting.released(order).map(\.lines) == [order.lines])
        let returned = try await setting.count(
            "select delta_on_hand from stock_ledger where kind = 'returned' and reason = 'cancelled' and sku = 'JAR'")
        #expect(returned == 2)
        #expect(try await setting.apply(try order.confirmed()) == [.ignored("the order was cancelled")])
        #expect(try await setting.stock("JAR") == [5, 0])
        #expect(try await setting.drift() == 0)
    }

    @Test("a confirmation that another worker applies after the cancellation sells nothing")
    func overtaken() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        try await setting.apply(try order.cancelled())
        #expect(try await setting.apply(try order.confirmed()) == [.ignored("the order was cancelled")])
        #expect(try await setting.stock("JAR") == [5, 0])
    }

    @Test("a release that comes before the order leaves a tombstone: the late order reserves nothing")
    func tombstone() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        #expect(try await setting.apply(try order.failed()) == [.applied])
        let told = try await setting.released(order)
        #expect(told.map(\.reservationId) == [nil])
        #expect(told.map(\.lines) == [[]])
        #expect(try await setting.apply(try order.created()) == [.ignored("released before it was reserved")])
        #expect(try await setting.stock("JAR") == [5, 0])
        #expect(try await setting.reserved().isEmpty)
        #expect(try await setting.outOfStock().isEmpty)
        let recorded = try await setting.count(
            "select count(*) from reservation_tombstone where order_id = $1 and late_order_at is not null", order.id)
        #expect(recorded == 1)
    }

    @Test("every release is answered, also when there is nothing left to release")
    func alwaysAnswered() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        try await setting.apply(try order.cancelled())
        try await setting.apply(try order.cancelled(), try order.failed())
        let told = try await setting.released(order)
        #expect(told.map(\.lines.count) == [1, 0, 0])
        #expect(Set(told.map(\.reservationId)).count == 1)
        #expect(try await setting.stock("JAR") == [5, 0])
    }

    @Test("what is sold stays sold, unless the order is cancelled for good")
    func soldStaysSold() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created(), try order.confirmed(), try order.failed())
        #expect(try await setting.stock("JAR") == [3, 0])
        #expect(try await setting.statuses(order) == ["committed"])
        #expect(try await setting.released(order).map(\.lines) == [[]])
    }

    // MARK: order.late-payment.v1

    @Test("late money reserves again, as a second attempt that can be committed")
    func latePayment() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 2)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created(), try order.failed())
        try await setting.apply(try order.latePayment())
        #expect(try await setting.statuses(order) == ["released", "active"])
        let told = try await setting.reserved(order)
        #expect(told.count == 2)
        #expect(Set(told.map(\.reservationId)).count == 2)
        try await setting.apply(try order.latePayment())
        #expect(try await setting.reserved(order).count == 3)
        #expect(try await setting.stock("JAR") == [2, 2])
        try await setting.apply(try order.confirmed())
        #expect(try await setting.stock("JAR") == [0, 0])
        #expect(try await setting.statuses(order) == ["released", "committed"])
        #expect(try await setting.drift() == 0)
    }

    @Test("late money for an order that was never reserved is a second attempt all the same")
    func latePaymentAfterTombstone() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 2)
        let order = TestOrder(["JAR": 1])
        try await setting.apply(try order.failed(), try order.latePayment())
        let attempts = try await setting.pool.query("select attempt from reservation where order_id = $1", order.id)
        #expect(try attempts.map { try $0.get(0, as: Int.self) } == [2])
    }

    @Test("late money finds the shelf empty: out of stock, so that it can be given back")
    func latePaymentWithoutStock() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 1)
        let order = TestOrder(["JAR": 1])
        try await setting.apply(try order.created(), try order.failed(), try TestOrder(["JAR": 1]).created())
        try await setting.apply(try order.latePayment())
        #expect(try await setting.outOfStock(order).count == 1)
        #expect(try await setting.statuses(order) == ["released"])
    }

    // MARK: payment.pending.v1

    @Test("a payment in progress holds the stock for longer, within the bound, and the saga is told")
    func extends() async throws {
        let setting = try await Setting(
            InventoryConfiguration(reservationTTL: .seconds(600), maxHold: .seconds(1000)))
        try await setting.product("JAR", stock: 2)
        let order = TestOrder(["JAR": 1])
        try await setting.apply(try order.created())
        // As if eight minutes had passed.
        try await setting.pool.query(
            """
            update reservation set created_at = created_at - interval '8 minutes',
                expires_at = expires_at - interval '8 minutes', hold_until = hold_until - interval '8 minutes'
            """)
        let before = try #require(try await setting.expiry(order))
        #expect(
            try await setting.apply(try order.paymentPending(status: "requires_action"))
                == [.ignored("the payment is not processing")])
        #expect(try await setting.apply(try order.paymentPending()) == [.applied])
        let after = try #require(try await setting.expiry(order))
        // Another ten minutes from now would be 18 from the beginning; the bound is at 16 minutes and 40 seconds.
        #expect(abs(after.timeIntervalSince(before) - 400) < 0.001)
        let told = try await setting.reserved(order)
        #expect(told.count == 2)
        #expect(told.last.map { abs($0.expiresAt.timeIntervalSince(after)) < 0.002 } == true)
        let id = try await setting.reservationID(order)
        #expect(try await setting.expiryJobs() == ["\(id.lowercased)/1"])
        let runAt = try await setting.pool.query("select run_at from scheduled_job").first?.get(0, as: Date.self)
        #expect(runAt == after)
        #expect(try await setting.apply(try order.paymentPending()) == [.ignored("held as long as may be")])
    }

    @Test("a payment in progress brings no ended hold back")
    func extendsOnlyActive() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 2)
        let order = TestOrder(["JAR": 1])
        #expect(try await setting.apply(try order.paymentPending()) == [.ignored("nothing is held")])
        try await setting.apply(try order.created(), try order.cancelled())
        #expect(try await setting.apply(try order.paymentPending()) == [.ignored("nothing is held")])
        #expect(try await setting.statuses(order) == ["released"])
    }

    private func expire(_ order: TestOrder, in setting: Setting) async throws {
        try await setting.passTime()
        try await setting.runJobs(until: "the hold has expired") { try await setting.statuses(order) == ["expired"] }
    }
}
