import Outbox
import Payments
import TestSupport

/// For tests that decide themselves when jobs are run.
extension PaymentsSetting {
    /// Runs the service's jobs for as long as `body` runs.
    func runJobs(_ body: () async throws -> Void) async throws {
        let runner = JobRunner(service.jobs, queue: jobs, pool: pool, poll: .milliseconds(20), logger: .test)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await runner.run() }
            try await body()
        }
    }
}
