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
        guard let row = try await pool.query(SagaSQL.facts.bind(orderID, SagaEngine.deadlineJob)).first,
            let saga = try await SagaRecord.find(orderID, on: pool)
        else { return nil }
        guard OrderSaga.supportedVersions.contains(saga.version) else {
            throw SagaVersionUnknown(version: saga.version)
        }
        let (now, jobState, jobError) = try row.decode(Date.self, String?.self, String?.self)
        let rows = try await history.all(of: orderID)
        return SagaFacts(
            orderID: orderID, sagaID: saga.id, state: saga.state, deadline: saga.deadline?.at,
            totalDeadline: saga.totalDeadline, settledAt: saga.settledAt,
            job: jobState.map { $0 == "dead" ? .dead(error: jobError) : .scheduled } ?? .missing,
            illegalEvents: rows.count { $0.verdict == "illegal" },
            latest: rows.compactMap { row in row.title.map { SagaFacts.Happening(at: row.at, what: $0) } }
                .suffix(Self.latest),
            now: now, cancellationWindow: cancellationWindow, policy: policy)
    }
}
