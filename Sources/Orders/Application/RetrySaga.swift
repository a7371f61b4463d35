import Foundation
import Postgres
import ServiceRuntime

/// `POST /orders/{id}/saga/retry`: what the saga waits for is asked again, and its deadline begins anew.
struct RetrySaga: Sendable {
    let pool: PostgresPool
    let engine: SagaEngine

    /// - Throws: ``Problem`` 404 for no such order; 409 `nothing_to_retry` for a settled saga.
    func callAsFunction(_ orderID: UUID) async throws {
        let verdict = try await pool.withTransaction { transaction in
            let input = SagaInput(orderID: orderID, event: .retryRequested, isKeptWhenRefused: false)
            switch try await engine.apply([input], in: transaction).first {
            case .decided(let decision)?: return decision.verdict
            case .unsupportedVersion(let version)?: throw SagaVersionUnknown(version: version)
            case .unknownOrder?, nil: throw Problem.notFound("order")
            }
        }
        guard verdict == .applied else {
            throw Problem.conflict(
                code: "nothing_to_retry", verdict.note ?? "there is nothing to retry")
        }
    }
}
