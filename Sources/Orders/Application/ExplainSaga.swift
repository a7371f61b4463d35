import Foundation
import Postgres

/// `GET /orders/{id}/explain`, `artesanos saga show`: loads what an explanation is made from.
struct ExplainSaga: Sendable {
    /// How much of what happened last is told.
    private static let latest = 5

    let pool: PostgresPool
    let history: SagaHistory
    let policy: OrderSagaPolicy
    let cancellationWindow: Duration

    /// Nil when there is no such order.
    /// - Throws: ``SagaVersionUnknown`` for a saga of a newer release.
    func facts(_ orderID: UUID) async throws -> SagaFacts? {
        // Saga and job of one moment: between two looks the saga may have moved on, and its job with it.
        guard let row = try await pool.query(SagaSQL.facts.bind(orderID, SagaEngine.deadlineJob)).first else {
            return nil
        }
        let version = try row.get(1, as: Int.self)
        guard OrderSaga.supportedVersions.contains(version) else { throw SagaVersionUnknown(version: version) }
        let saga = try SagaRecord(row, of: orderID)
        let now = try row.get(8, as: Date.self)
        let rows = try await history.all(of: orderID)
        return SagaFacts(
            orderID: orderID, sagaID: saga.id, state: saga.state, deadline: saga.deadline?.at,
            totalDeadline: saga.totalDeadline, settledAt: saga.settledAt,
            job: try Self.job(row, deadline: saga.deadline?.at ?? now, now: now),
            illegalEvents: rows.count { $0.verdict == "illegal" },
            latest: rows.compactMap { row in row.title.map { SagaFacts.Happening(at: row.at, what: $0) } }
                .suffix(Self.latest),
            now: now, cancellationWindow: cancellationWindow, policy: policy)
    }

    private static func job(_ row: PostgresRow, deadline: Date, now: Date) throws -> SagaFacts.DeadlineJob {
        guard let state = try row.get(9, as: String?.self), let runAt = try row.get(10, as: Date?.self) else {
            return .missing
        }
        if state == "dead" { return .dead(error: try row.get(11)) }
        return runAt.timeIntervalSince(max(deadline, now)) > SagaFacts.grace ? .late(runAt) : .scheduled
    }
}
