import Foundation
import Postgres
import ServiceRuntime

/// `POST /orders/{id}/saga/retry`, `artesanos saga retry`: what the saga waits for is asked again, and its deadline begins
/// anew. Whoever is asked twice does it once and answers twice. Only where the customer or Stripe has to act is nobody
/// asked: then it gives the saga its deadline again.
struct RetrySaga: Sendable {
    let pool: PostgresPool
    let engine: SagaEngine

    /// - Parameter isRehearsal: decides, and writes nothing.
    /// - Throws: ``Problem`` 404 for no such order; 409 `nothing_to_retry` for a settled saga.
    @discardableResult
    func callAsFunction(
        _ orderID: UUID, by request: SagaRequest, isRehearsal: Bool = false
    ) async throws -> SagaRequestOutcome {
        let outcome = try await pool.withTransaction { transaction in
            var sagas = try await SagaStore().lock([orderID], in: transaction)
            guard let saga = sagas.byOrder[orderID] else { throw Problem.notFound("order") }
            return try await engine.request(
                .retryRequested, of: saga, by: request, isRehearsal: isRehearsal, sagas: &sagas, in: transaction)
        }
        guard outcome.isApplied else {
            throw Problem.conflict(code: "nothing_to_retry", outcome.note ?? "there is nothing to retry")
        }
        return outcome
    }
}
