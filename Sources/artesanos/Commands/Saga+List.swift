import ArgumentParser
import Composition
import Foundation
import Orders
import Postgres

extension Saga {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sagas that are not settled, newest first; or those that are stuck, and why.",
            discussion: """
                Stuck is what nothing will wake: no job for its deadline, a dead one, or a deadline that passed more than a
                minute ago. `artesanos saga retry` gives such a saga a deadline and a job again.

                EXAMPLES
                  artesanos saga list
                  artesanos saga list --all --state COMPLETED --limit 10
                  artesanos saga list --stuck
                """)

        @Flag(help: "Settled ones too.")
        var all = false
        @Flag(help: "Only those that are stuck, with why. Exit code 1 when there are any.")
        var stuck = false
        @Option(help: "Only those in this state, such as PAYMENT_PENDING.")
        var state: String?
        @Option(help: "At most so many.")
        var limit = 50
        @Flag(help: "Taken as by the other commands; this one only reads.")
        var dryRun = false
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            if stuck, all || state != nil { throw ValidationError("--stuck goes with neither --all nor --state") }
            if limit < 1 { throw ValidationError("--limit is to be at least 1") }
            if let state, OrderSagaStep(rawValue: state.uppercased()) == nil {
                let steps = OrderSagaStep.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--state is one of \(steps), not \"\(state)\"")
            }
        }

        private struct Row: Encodable {
            let sagaId: UUID
            let orderId: UUID
            let state: String
            let orderStatus: String
            let waitsFor: String?
            let deadline: Date?
            let settledAt: Date?
            let updatedAt: Date
        }

        func run() async throws {
            if stuck { return try await listStuck() }
            let rows = try await options.withPool(of: .orders) { pool in
                try await pool.query(OperationsSQL.sagas, all, state?.uppercased(), Int64(limit)).map { row in
                    Row(
                        sagaId: try row.get(0), orderId: try row.get(1), state: try row.get(2),
                        orderStatus: try row.get(3), waitsFor: try row.get(4), deadline: try row.get(5),
                        settledAt: try row.get(6), updatedAt: try row.get(7))
                }
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line(nothing) }
            var table = TextTable(["order", "saga", "state", "order status", "waits for", "deadline"])
            for row in rows {
                table.add(
                    row.orderId.uuidString.lowercased(), row.sagaId.uuidString.lowercased(), row.state,
                    row.orderStatus, row.settledAt == nil ? row.waitsFor ?? "-" : "settled",
                    row.deadline.map(Age.moment) ?? "-")
            }
            table.lines(.standard).forEach { Output.line($0) }
        }

        private var nothing: String {
            guard let state = state?.uppercased() else { return all ? "no sagas" : "every saga is settled" }
            return all ? "no saga is in \(state)" : "no saga in \(state) is unsettled"
        }

        private func listStuck() async throws {
            let sagas = try await options.withPool(of: .orders) { try await StuckSaga.read(limit: limit, $0) }
            if json {
                try JSONOutput.print(sagas)
            } else if sagas.isEmpty {
                Output.line("no saga is stuck")
            } else {
                var table = TextTable(["order", "state", "waits for", "deadline", "unchanged for", "why"])
                for saga in sagas {
                    table.add(
                        saga.orderId.uuidString.lowercased(), saga.state, saga.waitsFor ?? "-",
                        saga.deadline.map(Age.moment) ?? "-", Age.text(seconds: saga.unchangedSeconds),
                        saga.why.joined(separator: "; "))
                }
                table.lines(.standard).forEach { Output.line($0) }
            }
            if !sagas.isEmpty { throw ExitCode.checkFailed }
        }
    }
}
