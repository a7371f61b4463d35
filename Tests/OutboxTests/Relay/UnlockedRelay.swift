import Logging
import Postgres
import TestSupport

@testable import Outbox

/// A relay that does not ask for the lock: what a process does that believes it still leads.
struct UnlockedRelay {
    let harness: RelayHarness

    func run() async throws {
        let connection = try await PostgresConnection.connect(harness.configuration.database)
        let reader = LedgerReader(connection: connection, stream: RelayHarness.stream)
        while !Task.isCancelled {
            var run = RelayRun(
                reader: reader, broker: harness.broker, configuration: harness.configuration,
                metrics: RelayMetrics(stream: RelayHarness.stream), logger: .quiet, wakeup: Wakeup())
            _ = try? await run.relay(goesOn: { !Task.isCancelled }, progressed: {})
        }
        await connection.close()
    }
}
