import ArgumentParser
import Composition
import Contracts
import Foundation
import Orders
import Postgres

struct Saga: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at orders' sagas, and at the saga's definition.",
        discussion: """
            EXAMPLES
              artesanos saga list
              artesanos saga show 0192f3a4-5b6c-7d8e-9f00-112233445566
              artesanos saga diagram > saga.mmd
            """,
        subcommands: [List.self, Show.self, Diagram.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sagas that are not settled, newest first.",
            discussion: """
                EXAMPLES
                  artesanos saga list
                  artesanos saga list --all --state COMPLETED --limit 10
                """)

        @Flag(help: "Settled ones too.")
        var all = false
        @Option(help: "Only those in this state, such as PAYMENT_PENDING.")
        var state: String?
        @Option(help: "At most so many.")
        var limit = 50
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

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
            let rows = try await options.withPool(of: .orders) { pool in
                try await pool.query(OperationsSQL.sagas, all, state?.uppercased(), Int64(limit)).map { row in
                    Row(
                        sagaId: try row.get(0), orderId: try row.get(1), state: try row.get(2),
                        orderStatus: try row.get(3), waitsFor: try row.get(4), deadline: try row.get(5),
                        settledAt: try row.get(6), updatedAt: try row.get(7))
                }
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line(all ? "no sagas" : "every saga is settled") }
            var table = TextTable(["order", "saga", "state", "order status", "waits for", "deadline"])
            for row in rows {
                table.add(
                    row.orderId.uuidString.lowercased(), row.sagaId.uuidString.lowercased(), row.state,
                    row.orderStatus, row.settledAt == nil ? row.waitsFor ?? "-" : "settled",
                    row.deadline.map(Age.moment) ?? "-")
            }
            table.lines(.standard).forEach { Output.line($0) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One saga with its whole history.",
            discussion: """
                EXAMPLES
                  artesanos saga show 0192f3a4-5b6c-7d8e-9f00-112233445566
                """)

        @Argument(
            help: "The order's id, or the saga's.",
            transform: { text in
                guard let id = UUID(uuidString: text) else { throw ValidationError("\"\(text)\" is no UUID") }
                return id
            })
        var id: UUID
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let saga = try await options.withPool(of: .orders) { pool in try await SagaReport.read(id, pool) }
            guard let saga else { throw CheckFailed("there is no order and no saga \(id.uuidString.lowercased())") }
            if json { return try JSONOutput.print(saga) }
            saga.lines(.standard).forEach { Output.line($0) }
        }
    }

    struct Diagram: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The saga's definition as a Mermaid state diagram, or as a table.",
            discussion: """
                EXAMPLES
                  artesanos saga diagram
                  artesanos saga diagram --table
                """)

        @Flag(help: "Every row of the definition, as a Markdown table.")
        var table = false

        func run() {
            let text = table ? OrderSagaDiagram.table() : OrderSagaDiagram.mermaid()
            Output.line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }
}
