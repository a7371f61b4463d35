import Contracts
import Foundation
import Outbox
import Postgres
import ServiceRuntime
import Testing
import TestSupport

@testable import Inventory

@Suite("Expiry")
struct ExpiryTests {
    @Test("a hold ends at its time, not before and hardly after, by the database's clock")
    func atItsTime() async throws {
        let setting = try await Setting(
            InventoryConfiguration(reservationTTL: .milliseconds(700), maxHold: .seconds(60)))
        try await setting.product("JAR", stock: 5)
        let orders = (0..<5).map { _ in TestOrder(["JAR": 1]) }
        try await setting.runJobs(until: "all have expired") {
            if try await setting.count("select count(*) from reservation") == 0 {
                try await setting.apply(batch: try orders.map { try $0.created() })
            }
            return try await setting.count("select count(*) from reservation where status = 'expired'") == 5
        }
        let rows = try await setting.pool.query(
            "select extract(epoch from ended_at - expires_at)::float8 from reservation")
        for row in rows {
            let lateness = try row.get(0, as: Double.self)
            #expect(lateness >= 0)
            // Milliseconds on a machine that has nothing else to do; the sweep would be minutes late.
            #expect(lateness < 100)
        }
        #expect(try await setting.stock("JAR") == [5, 0])
        let told = try await setting.released(orders[0])
        #expect(told.map(\.reason) == ["expired"])
        #expect(told.map(\.lines) == [orders[0].lines])
        #expect(try await setting.expiryJobs().isEmpty)
        #expect(try await setting.drift() == 0)
    }

    @Test("a job whose hold was extended or has ended leaves it alone")
    func leavesAlone() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let held = TestOrder(["JAR": 1])
        let sold = TestOrder(["JAR": 1])
        try await setting.apply(try held.created(), try sold.created(), try sold.confirmed())
        // As after a job that ran while its hold was extended, and so could not be taken back.
        for order in [held, sold] {
            let payload = StockBookStore.ExpiryPayload(
                orderId: order.id, reservationId: try await setting.reservationID(order))
            try await setting.pool.withTransaction {
                try setting.environment.jobs.schedule(
                    StockBookStore.expiryKind, key: "early \(order.id)", payload: payload, in: $0)
            }
        }
        try await setting.runJobs(until: "both jobs are done") { try await setting.expiryJobs().count == 1 }
        #expect(try await setting.statuses(held) == ["active"])
        #expect(try await setting.statuses(sold) == ["committed"])
        #expect(try await setting.released().isEmpty)
    }

    @Test("an expiring hold and its own commit, release and extension at the same moment never deadlock")
    func expiryRace() async throws {
        let setting = try await Setting(connections: 24)
        try await setting.product("JAR", stock: 400)
        let orders = (0..<200).map { _ in TestOrder(["JAR": 1]) }
        try await setting.apply(batch: try orders.map { try $0.created() })
        try await setting.passTime()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let runner = JobRunner(
                setting.service.jobs, queue: setting.environment.jobs, pool: setting.pool, poll: .milliseconds(5),
                logger: setting.environment.logger)
            group.addTask { try await runner.run() }
            try await withThrowingTaskGroup(of: Void.self) { race in
                for (number, order) in orders.shuffled().enumerated() {
                    race.addTask {
                        switch number % 3 {
                        case 0: try await setting.apply(try order.confirmed())
                        case 1: try await setting.apply(try order.cancelled())
                        default: try await setting.apply(try order.paymentPending())
                        }
                    }
                }
                // A deadlock would be thrown here.
                try await race.waitForAll()
            }
            try await setting.passTime()
            try await eventually("nothing is held") {
                try await setting.count("select count(*) from reservation where status = 'active'") == 0
            }
            group.cancelAll()
        }
        let level = try await setting.level("JAR")
        let sold = try await setting.count("select count(*) from reservation where status = 'committed'")
        #expect(level.onHand == 400 - sold)
        #expect(level.reserved == 0)
        #expect(try await setting.drift() == 0)
        let dead = try await setting.count("select count(*) from scheduled_job where last_error is not null")
        #expect(dead == 0)
    }

    /// How fast: `make bench-inventory`.
    @Test("10,000 holds that are due at once all end, each told once; the sweep finds nothing meanwhile")
    func manyAtOnce() async throws {
        let registry = PrometheusRegistry()
        let setting = try await Setting(InventoryConfiguration(sweepInterval: .milliseconds(100)), registry: registry)
        try await setting.product("JAR", stock: 20_000)
        for _ in 0..<20 {
            try await setting.apply(batch: try (0..<500).map { _ in try TestOrder(["JAR": 1]).created() })
        }
        try await setting.passTime()
        try await setting.environment.jobs.ensure(SweepReservations.kind, key: "sweep", on: setting.pool)
        let sweeps: Statement =
            "select count(*) from scheduled_job where kind = 'reservation.sweep' and updated_at > created_at"
        try await setting.runJobs(until: "all have expired, and the sweep has looked", within: .seconds(60)) {
            let held = try await setting.count("select count(*) from reservation where status = 'active'")
            let looks = try await setting.count(sweeps)
            return held == 0 && looks == 1
        }
        #expect(await registry.exposition().contains("\nreservation_sweep_found_total 0"))
        let told = try await setting.count(
            "select count(distinct aggregate_id) from outbox where subject = 'inventory.released.v1'")
        #expect(told == 10_000)
        #expect(try await setting.stock("JAR") == [20_000, 0])
        #expect(try await setting.drift() == 0)
    }

    @Test(
        "the sweep finds and counts holds whose job is gone, dead or far off, and they end; one with a job is left to it"
    )
    func sweep() async throws {
        let registry = PrometheusRegistry()
        let setting = try await Setting(InventoryConfiguration(sweepInterval: .milliseconds(100)), registry: registry)
        try await setting.product("JAR", stock: 9)
        let orders = (0..<5).map { _ in TestOrder(["JAR": 1]) }
        try await setting.apply(batch: try orders.map { try $0.created() })
        try await setting.pool.query("update reservation set expires_at = now()")
        func job(_ order: TestOrder, _ change: Statement) async throws {
            try await setting.pool.query(change.bind(try await setting.reservationID(order).lowercased))
        }
        try await job(orders[0], "delete from scheduled_job where unique_key = $1")
        try await job(
            orders[1], "update scheduled_job set state = 'dead', last_error = 'broken' where unique_key = $1")
        // orders[2] has its job, but at the end that the hold had, a quarter of an hour later. The others' jobs are to
        // come: one a little late, one that failed and waits for its next try.
        try await job(
            orders[3], "update scheduled_job set run_at = now() + interval '50 seconds' where unique_key = $1")
        try await job(orders[4], "update scheduled_job set attempt = 3 where unique_key = $1")
        #expect(try await setting.count("select count(*) from reservation_overdue") == 5)
        #expect(try await StockReader.levels(on: setting.pool).activeReservations == 5)
        try await setting.environment.jobs.ensure(SweepReservations.kind, key: "sweep", on: setting.pool)
        try await setting.runJobs(until: "three have expired") {
            try await setting.count("select count(*) from reservation where status = 'expired'") == 3
        }
        #expect(try await setting.statuses(orders[3]) == ["active"])
        #expect(try await setting.statuses(orders[4]) == ["active"])
        #expect(try await setting.expiryJobs().count == 2)
        #expect(await registry.exposition().contains("\nreservation_sweep_found_total 3"))
        #expect(try await setting.drift() == 0)
    }
}
