import Foundation
import Outbox
import Postgres

/// Tells a saga that its deadline has passed. A deadline that was moved or is no longer awaited does nothing.
struct SagaDeadlineJob: JobHandler {
    /// How soon a saga is looked at again that somebody else is changing at this moment.
    private static let pause = Duration.milliseconds(50)

    let engine: SagaEngine
    let concurrency: Int

    var kind: String { SagaEngine.deadlineJob }
    /// It never gives up: a saga without a deadline would hang (promise D11).
    var retry: RetryPolicy { RetryPolicy(maxAttempts: .max, base: .milliseconds(500), cap: .seconds(30)) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        var outcome = JobOutcome.done
        for job in jobs {
            outcome = try await run(job.decode(SagaDeadlinePayload.self), in: transaction)
        }
        return outcome
    }

    func run(_ payload: SagaDeadlinePayload, in transaction: PostgresTransaction) async throws -> JobOutcome {
        var sagas = try LockedSagas(await transaction.query(SagaSQL.tryLock.bind(payload.orderId)))
        guard let saga = sagas.byOrder[payload.orderId], let now = sagas.now else {
            let exists = try await transaction.query(SagaSQL.exists.bind(payload.orderId)).first?.get(0, as: Bool.self)
            return exists == true ? .again(after: Self.pause) : .done
        }
        let passed: OrderSagaDeadline
        switch try saga.due(at: now) {
        case .nothing: return .done
        case .later(let deadline): return .again(after: .seconds(deadline.timeIntervalSince(now)))
        case .passed(let deadline): passed = deadline
        }
        let input = SagaInput(orderID: saga.orderID, event: .deadlinePassed(passed))
        // The next deadline is this very job's next time: scheduling it would be undone by the job's own end.
        let outcomes = try await engine.apply([input], to: &sagas, schedules: false, in: transaction)
        guard case .decided(let decision)? = outcomes.first, decision.verdict == .applied else {
            throw SagaDeadlineRefused(deadline: passed)
        }
        guard let next = sagas.byOrder[payload.orderId]?.deadline else { return .done }
        return .again(after: max(.seconds(next.timeIntervalSince(now)), .zero))
    }
}

extension SagaRow {
    /// What its deadline's job finds.
    enum Due: Equatable {
        /// It is settled.
        case nothing
        /// The deadline was moved.
        case later(Date)
        case passed(OrderSagaDeadline)
    }

    /// What has passed by then.
    /// - Throws: ``SagaVersionUnknown``.
    func due(at now: Date) throws(SagaVersionUnknown) -> Due {
        guard let deadline else { return .nothing }
        guard deadline <= now else { return .later(deadline) }
        guard let awaited = state?.deadline else { throw SagaVersionUnknown(version: version) }
        return .passed(awaited.isCutByTotal && totalDeadline <= now ? .total : awaited)
    }
}

/// A saga that was begun by a definition that this binary does not have.
struct SagaVersionUnknown: Error, CustomStringConvertible {
    let version: Int

    var description: String {
        "the saga has version \(version); this binary knows \(OrderSaga.supportedVersions)"
    }
}

/// A deadline that its saga has no use for: a mistake in the definition. The job is tried again, late and visibly.
struct SagaDeadlineRefused: Error, CustomStringConvertible {
    let deadline: OrderSagaDeadline

    var description: String { "the saga waits for \(deadline.rawValue), but has no use for its deadline" }
}
