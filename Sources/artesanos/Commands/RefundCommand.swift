import ArgumentParser
import Composition
import Contracts
import Foundation
import Outbox
import Payments
import Postgres
import ServiceRuntime

struct RefundCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refund", abstract: "Refunds that failed, and saying how they were dealt with.",
        discussion: """
            EXAMPLES
              artesanos refund list
              artesanos refund resolve 0192f3a4-5b6c-7d8e-9f00-112233445566 --as paid_elsewhere --note "transfer 4711"
            """,
        subcommands: [List.self, Resolve.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Failed refunds that nobody has dealt with, newest first.",
            discussion: """
                One leaves the list by being resolved, when later refunds of its payment give back as much, or when all that
                was charged is given back. Exit code 1 when there are any, unless --all is given.

                EXAMPLES
                  artesanos refund list
                  artesanos refund list --all --limit 10
                """)

        @Flag(help: "All refunds.")
        var all = false
        @Option(help: "At most so many.")
        var limit = 50
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Row: Encodable {
            let refundId: UUID
            let orderId: UUID
            let paymentId: UUID
            let amount: Int64
            let currency: String
            let status: String
            let failureCode: String?
            let origin: String
            let reason: String
            let resolution: String?
            let updatedAt: Date
            let isUnresolved: Bool
        }

        func validate() throws {
            if limit < 1 { throw ValidationError("--limit is to be at least 1") }
        }

        func run() async throws {
            let rows = try await options.withPool(of: .payments) { pool in
                try await pool.query(OperationsSQL.refunds, all, Int64(limit)).map { row in
                    Row(
                        refundId: try row.get(0), orderId: try row.get(1), paymentId: try row.get(2),
                        amount: try row.get(3), currency: try row.get(4), status: try row.get(5),
                        failureCode: try row.get(6), origin: try row.get(7), reason: try row.get(8),
                        resolution: try row.get(9), updatedAt: try row.get(10), isUnresolved: try row.get(11))
                }
            }
            if json {
                try JSONOutput.print(rows)
            } else if rows.isEmpty {
                Output.line(all ? "no refunds" : "no failed refund waits for a person")
            } else {
                var table = TextTable(
                    ["refund", "order", "amount", "status", "failure", "origin", "since", "resolution"],
                    rightAligned: [2])
                for row in rows {
                    table.add(
                        row.refundId.uuidString.lowercased(), row.orderId.uuidString.lowercased(),
                        "\(row.amount) \(row.currency)", row.status, row.failureCode ?? "-", row.origin,
                        Age.moment(row.updatedAt), row.isUnresolved ? "waits for a person" : row.resolution ?? "-")
                }
                table.lines(.standard).forEach { Output.line($0) }
            }
            if !all, !rows.isEmpty { throw ExitCode.checkFailed }
        }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say how a refund that failed was dealt with.",
            discussion: """
                paid_elsewhere: the customer got the money in another way, such as a bank transfer. It counts as given back:
                the order is told so, and nothing gives it back a second time. not_owed: nothing is owed. To try again
                through Stripe, make a new refund instead: POST /payments/{id}/refunds.

                Exit code 1 when it cannot be resolved, 2 when the command or the configuration is wrong.

                EXAMPLES
                  artesanos refund resolve 0192f3a4-5b6c-7d8e-9f00-112233445566 --as paid_elsewhere --dry-run
                  artesanos refund resolve 0192f3a4-5b6c-7d8e-9f00-112233445566 --as not_owed --note "reshipped"
                """)

        @Argument(help: "The refund's id.", transform: SagaCommand.id)
        var id: UUID
        @Option(
            name: .customLong("as"),
            help: ArgumentHelp("How: paid_elsewhere or not_owed.", valueName: "resolution"),
            transform: { text in
                guard let resolution = RefundResolution(rawValue: text.replacing("-", with: "_")) else {
                    let all = RefundResolution.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("\"\(text)\" is no resolution; expected one of \(all)")
                }
                return resolution
            })
        var resolution: RefundResolution
        @Option(help: ArgumentHelp("What was done, for the record.", valueName: "text"))
        var note: String?
        @Flag(help: "Say what would happen, and write nothing.")
        var dryRun = false
        @Option(help: ArgumentHelp("Who it is done for; the system's user unless told otherwise.", valueName: "name"))
        var actor: String?
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let resolved = try await options.withPool(of: .payments) { pool in
                let environment = ServiceEnvironment(
                    pool: pool, outbox: OutboxWriter(stream: ServiceName.payments.stream, hint: Wakeup()),
                    jobs: JobQueue(), logger: CommandLogger.quiet)
                do {
                    return try await PaymentOperations(environment: environment).resolveRefund(
                        id, as: resolution, note: note, by: "cli:\(SagaCommand.actor(actor))", isRehearsal: dryRun)
                } catch let problem as Problem {
                    throw CheckFailed("\(problem.code): \(problem.detail ?? problem.title)")
                }
            }
            if json { return try JSONOutput.print(resolved) }
            Output.line(resolved.isDryRun ? "dry run: nothing is written" : "done, as \(resolved.actor)")
            Output.line("refund    \(resolved.refundId.uuidString.lowercased())")
            Output.line("order     \(resolved.orderId.uuidString.lowercased())")
            Output.line("amount    \(resolved.amount.amount) \(resolved.amount.currency)")
            Output.line("as        \(resolved.resolution.rawValue)")
            Output.line("events    \(resolved.events.isEmpty ? "none" : resolved.events.joined(separator: ", "))")
        }
    }
}
