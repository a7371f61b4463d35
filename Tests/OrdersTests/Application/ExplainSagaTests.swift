import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import Orders

@Suite("What an explanation is made from")
struct ExplainSagaTests {
    @Test("is of one moment: a saga that moves on with its job is never said to be stuck")
    func oneMoment() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for hours in 1... {
                    try Task.checkCancellation()
                    try await setting.pool.withTransaction { transaction in
                        try await transaction.query(
                            "update saga set deadline = now() + $1 * interval '1 hour'", Double(hours))
                        try await transaction.query(
                            "update scheduled_job set run_at = now() + $1 * interval '1 hour'", Double(hours))
                    }
                }
            }
            for _ in 1...200 {
                let facts = try #require(try await setting.service.explainSaga.facts(order.id))
                #expect(facts.whyStuck == [])
            }
            group.cancelAll()
        }
    }

    @Test("is the job of its deadline and no other, and how that is")
    func job() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        func job() async throws -> SagaFacts.DeadlineJob? {
            try await setting.service.explainSaga.facts(order.id)?.job
        }
        #expect(try await job() == .scheduled)
        try await setting.pool.query("update scheduled_job set kind = 'another'")
        #expect(try await job() == .missing)
        // A deadline that has passed: its job is not late as long as it runs soon.
        try await setting.pool.query("update saga set deadline = now() - interval '2 minutes'")
        try await setting.pool.query("update scheduled_job set kind = 'saga.deadline', run_at = now()")
        #expect(try await job() == .scheduled)
        try await setting.pool.query("update scheduled_job set state = 'dead', last_error = 'why'")
        #expect(try await job() == .dead(error: "why"))
    }
}
