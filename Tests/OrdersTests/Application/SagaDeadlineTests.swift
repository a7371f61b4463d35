import ServiceRuntime
import Contracts
import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import Orders

@Suite("A saga's deadline")
struct SagaDeadlineTests {
    @Test("passes at its time, by the database's clock")
    func passes() async throws {
        let setting = try await Setting(OrdersConfiguration(stockDeadline: .milliseconds(400)))
        let order = try await setting.order()
        try await setting.runJobs(until: "the order has failed") {
            try await setting.state(order) == "STOCK_FAILED FAILED"
        }
        let lateness: Double? = try await setting.pool.query(
            """
            select extract(epoch from h.at - s.created_at)::float8 from saga s
            join saga_history h on h.saga_id = s.id and h.seq = 2
            """
        ).first?.get(0)
        #expect(try #require(lateness) >= 0.4)
        // It was the deadline's own job: the sweep had nothing to find.
        #expect(await setting.registry.exposition().contains("saga_without_deadline_total 0\n"))
    }

    @Test("that was moved does nothing when its old time comes")
    func moved() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved())
        let deadline = try await setting.saga(order.id).deadline
        try await setting.pool.query("update scheduled_job set run_at = now() where kind = 'saga.deadline'")
        try await setting.runJobs(until: "the job is back at its time") {
            guard let due = try await setting.job(of: order), let at = deadline?.at else { return false }
            return abs(due.timeIntervalSince(at)) < 0.001
        }
        #expect(try await setting.state(order) == "STOCK_RESERVED PENDING")
        #expect(try await setting.service.history.all(of: order.id).count == 2)
    }

    @Test("is the end of the running phase when that comes before the stock's")
    func total() async throws {
        let setting = try await Setting(OrdersConfiguration(totalDeadline: .milliseconds(300)))
        let order = try await setting.order()
        let saga = try await setting.saga(order.id)
        #expect(saga.deadline?.at == saga.totalDeadline)
        try await setting.runJobs(until: "the order has failed") {
            try await setting.state(order) == "STOCK_FAILED FAILED"
        }
        #expect(try await setting.saga(order.id).state.reason == "total_timeout")
    }

    @Test("of a settled saga, or of one that is not there, is dropped")
    func dropped() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.succeeded())
        let strangers = [
            SagaDeadlinePayload(orderId: order.id, sagaId: order.saga),
            SagaDeadlinePayload(orderId: .v7(), sagaId: .v7()),
        ]
        for payload in strangers {
            try await setting.pool.withTransaction {
                try setting.environment.jobs.schedule(
                    SagaEngine.deadlineJob, key: payload.sagaId.lowercased, payload: payload, in: $0)
            }
        }
        try await setting.runJobs(until: "both jobs are gone") {
            try await setting.count("select count(*) from scheduled_job where kind = 'saga.deadline'") == 0
        }
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
    }

    @Test("never waits for a saga that is being changed, and comes again")
    func neverWaits() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.passTime(of: order)
        let job = SagaDeadlineJob(engine: setting.service.engine, concurrency: 1)
        let due = SagaDeadlinePayload(orderId: order.id, sagaId: order.saga)
        let outcome = try await setting.pool.withTransaction { holder in
            try await holder.query("select 1 from saga where order_id = $1 for update", order.id)
            return try await setting.pool.withTransaction { try await job.run(due, in: $0) }
        }
        guard case .again(let pause) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(pause > .zero && pause < .seconds(1))
        #expect(try await setting.state(order) == "STARTED PENDING")
    }

    @Test("that nothing would run is found by the sweep, and counted")
    func swept() async throws {
        let setting = try await Setting()
        let gone = try await setting.order()
        let dead = try await setting.order()
        let late = try await setting.order()
        let fine = try await setting.order()
        let settled = try await setting.order()
        try await setting.apply(try settled.reserved(), try settled.succeeded())
        try await setting.pool.query("delete from scheduled_job where unique_key = $1", gone.saga.lowercased)
        try await setting.pool.query(
            "update scheduled_job set state = 'dead' where unique_key = $1", dead.saga.lowercased)
        try await setting.pool.query(
            "update scheduled_job set run_at = now() + interval '3 hours' where unique_key = $1", late.saga.lowercased)
        #expect(try await setting.count("select count(*) from saga_stuck") == 3)
        try await setting.environment.jobs.ensure(SagaSweep.kind, key: SagaSweep.kind, on: setting.pool)
        try await setting.runJobs(until: "each has its job again") {
            try await setting.count("select count(*) from saga_stuck") == 0
        }
        for order in [gone, dead, late, fine] { #expect(try await setting.awaited(order) == .stock) }
        #expect(try await setting.job(of: settled) == nil)
        #expect(await setting.registry.exposition().contains("saga_without_deadline_total 3\n"))
        // It comes again by itself.
        #expect(try await setting.count("select count(*) from scheduled_job where kind = 'saga.sweep'") == 1)
    }
}
