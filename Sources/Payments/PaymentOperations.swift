public import Foundation
import Outbox
import Postgres
public import ServiceRuntime

/// What operators do about payments, without a running service: the service's own use cases, straight on its database.
public struct PaymentOperations: Sendable {
    private let resolve: ResolveRefund

    /// - Parameter environment: the payment service's database. A ledger without a hint does: the relay finds the events at
    ///   its next look.
    public init(environment: ServiceEnvironment) {
        resolve = ResolveRefund(
            pool: environment.pool,
            ledger: PaymentLedger(
                outbox: environment.outbox, jobs: environment.jobs, policy: PaymentPolicy(),
                metrics: PaymentMetrics(), logger: environment.logger))
    }

    /// Resolves a refund that failed, or tells what that would do.
    /// - Parameters:
    ///   - actor: who does it, such as `cli:root`.
    ///   - note: in that person's words.
    ///   - isRehearsal: writes nothing.
    /// - Throws: ``Problem`` `not_found`, `refund_not_failed`, `refund_resolved`, `refund_exceeds_charge`.
    public func resolveRefund(
        _ id: UUID, as resolution: RefundResolution, note: String?, by actor: String, isRehearsal: Bool
    ) async throws -> RefundResolved {
        try await resolve(id, as: resolution, note: note, by: actor, isRehearsal: isRehearsal)
    }
}
