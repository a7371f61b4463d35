import ArgumentParser
import Composition
import Foundation
import Orders
import Outbox
import Postgres
import ServiceRuntime

/// How commands act on sagas: through the order service's own use cases, on its database.
enum SagaCommand {
    static func id(_ text: String) throws -> UUID {
        guard let id = UUID(uuidString: text) else { throw ValidationError("\"\(text)\" is no UUID") }
        return id
    }

    /// Whom the history names.
    static func actor(_ given: String?) -> String {
        given ?? ProcessInfo.processInfo.environment["SUDO_USER"] ?? NSUserName()
    }

    static func withOperations(
        _ options: ConfigurationOptions, _ body: (SagaOperations, PostgresPool) async throws -> Void
    ) async throws {
        let saga = try options.loadOrDevelopment().saga
        try await options.withPool(of: .orders) { pool in
            let environment = ServiceEnvironment(
                pool: pool, outbox: OutboxWriter(stream: ServiceName.orders.stream, hint: Wakeup()), jobs: JobQueue(),
                logger: CommandLogger.quiet)
            try await body(
                SagaOperations(environment: environment, configuration: OrdersConfiguration(saga)), pool)
        }
    }

    /// Makes a request and prints what came of it.
    static func run(
        _ options: SagaRequestOptions, reason: String?,
        _ ask: (SagaOperations, UUID, SagaRequest) async throws -> SagaRequestOutcome
    ) async throws {
        try await withOperations(options.configuration) { operations, pool in
            guard let row = try await pool.query(OperationsSQL.orderOfSaga, options.id).first else {
                throw CheckFailed("there is no order and no saga \(options.id.uuidString.lowercased())")
            }
            let outcome: SagaRequestOutcome
            do {
                outcome = try await ask(
                    operations, try row.get(0), .commandLine(actor(options.actor), remark: reason))
            } catch let problem as Problem {
                throw CheckFailed("\(problem.code): \(problem.detail ?? problem.title)")
            }
            if options.json { return try JSONOutput.print(outcome) }
            lines(outcome).forEach { Output.line($0) }
        }
    }

    static func lines(_ outcome: SagaRequestOutcome) -> [String] {
        var lines = [
            outcome.isDryRun
                ? "dry run: nothing is written"
                : outcome.isApplied ? "done, as \(outcome.actor)" : "nothing changed, asked as \(outcome.actor)",
            "order     \(outcome.orderId.uuidString.lowercased())",
            "state     \(change(outcome.fromState.rawValue, outcome.toState.rawValue))",
            "status    \(change(outcome.fromStatus.rawValue, outcome.toStatus.rawValue))",
        ]
        if !outcome.isApplied { lines.append("nothing   \(outcome.note ?? "there is nothing to do")") }
        let told = outcome.events.isEmpty ? "none" : outcome.events.joined(separator: ", ")
        lines.append("events    \(told)")
        lines.append(
            outcome.deadline.map { "deadline  \($0.waitsFor.rawValue) at \(Age.moment($0.at))" }
                ?? "deadline  none: settled")
        return lines
    }

    private static func change(_ from: String, _ to: String) -> String {
        from == to ? "\(from), unchanged" : "\(from) -> \(to)"
    }
}
