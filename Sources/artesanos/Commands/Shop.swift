import ArgumentParser
import Composition
import Foundation
import Inventory
import Outbox
import Postgres
import ServiceRuntime

struct Shop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A whole shop as a CSV file: out, edited in a spreadsheet, and in again.",
        discussion: """
            EXAMPLES
              artesanos shop export forja-ubeda > forja.csv
              artesanos shop import forja-ubeda forja.csv --dry-run
              artesanos shop import forja-ubeda forja.csv
            """,
        subcommands: [Export.self, Import.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print an artisan's products with their stock as CSV.",
            discussion: """
                EXAMPLES
                  artesanos shop export forja-ubeda > forja.csv
                  artesanos shop export forja-ubeda --semicolons > forja.csv    for spreadsheets with decimal commas
                """)

        @Argument(help: "The artisan whose shop it is.")
        var artisan: String
        @Flag(help: "Separate by semicolons and write prices with a decimal comma.")
        var semicolons = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await Shop.withCatalogue(options) { catalogue in
                try await catalogue.export(shop: artisan, hasSemicolons: semicolons) { text in
                    try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
                }
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make and change an artisan's products from a CSV file.",
            discussion: """
                The first line names the columns: sku, title, price and currency are needed; description, active, \
                reservationTTLSeconds, lowStockThreshold, version and adjustStock may be there. A column that is not \
                there leaves what is there. An existing product is changed only with the version that was exported, \
                or with * as its version. adjustStock puts pieces on the shelf (below zero takes them off); onHand \
                and reserved are for reading only.

                Nothing is imported when a line is wrong, unless --partial is given. The same file is imported once.

                Exit codes: 0 imported, 1 lines were wrong (with --partial: the others were imported), 2 wrong usage.

                EXAMPLES
                  artesanos shop import forja-ubeda forja.csv --dry-run
                  artesanos shop import forja-ubeda forja.csv --partial --json
                """)

        @Argument(help: "The artisan whose shop it is.")
        var artisan: String
        @Argument(help: ArgumentHelp("The CSV file; - for standard input.", valueName: "file"))
        var file: String
        @Flag(help: "Import the good lines although others are wrong.")
        var partial = false
        @Flag(help: "Say what would come of it, and write nothing.")
        var dryRun = false
        @Flag(help: "Import it although the same file was imported before.")
        var again = false
        @Option(help: "Who does it, for the stock ledger.")
        var actor: String = NSUserName()
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let bytes = try read()
            do {
                let (report, isReplayed) = try await Shop.withCatalogue(options) { catalogue in
                    try await catalogue.importFile(
                        bytes, shop: artisan, isPartial: partial, isDryRun: dryRun, isAgain: again, actor: actor)
                }
                try show(report, isReplayed: isReplayed)
                if !report.errors.isEmpty { throw ExitCode.checkFailed }
            } catch let problem as Problem {
                try show(problem)
                throw ExitCode.checkFailed
            }
        }

        private func read() throws -> [UInt8] {
            do {
                let handle =
                    file == "-"
                    ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: file))
                return try handle.readToEnd().map { [UInt8]($0) } ?? []
            } catch {
                throw UsageFailure("\(file) cannot be read: \(error.localizedDescription)")
            }
        }

        private func show(_ report: ShopImportReport, isReplayed: Bool) throws {
            if json { return try JSONOutput.print(report) }
            if isReplayed { Output.line("this file was imported before; nothing was changed now (--again imports it)") }
            let would = report.isDryRun ? "would be " : ""
            Output.line(
                "\(report.created) products \(would)made, \(report.updated) \(would)changed, "
                    + "\(report.unchanged) as they were; stock of \(report.adjusted) \(would)adjusted")
            table(report.errors)
        }

        private func show(_ problem: Problem) throws {
            let lines = problem.fields["lines"] as? [ShopLineError] ?? []
            if json {
                return try JSONOutput.print(
                    Refusal(code: problem.code, detail: problem.detail ?? problem.title, lines: lines))
            }
            Output.error("artesanos: \(problem.detail ?? problem.title)")
            table(lines)
        }

        private struct Refusal: Encodable {
            let code: String
            let detail: String
            let lines: [ShopLineError]
        }

        private func table(_ errors: [ShopLineError]) {
            guard !errors.isEmpty else { return }
            var table = TextTable(["line", "sku", "column", "problem"], rightAligned: [0])
            for error in errors { table.add("\(error.line)", error.sku ?? "", error.column ?? "", error.message) }
            table.lines(.standard).forEach { Output.line($0) }
        }
    }

    private static func withCatalogue<Result>(
        _ options: ConfigurationOptions, _ body: (ShopCatalogue) async throws -> Result
    ) async throws -> Result {
        let configuration = try options.loadOrDevelopment()
        return try await options.withPool(of: .inventory) { pool in
            // No hint to the relay: it finds the events at its next look.
            let environment = ServiceEnvironment(
                pool: pool, outbox: OutboxWriter(stream: ServiceName.inventory.stream, hint: Wakeup()),
                jobs: JobQueue(), logger: CommandLogger.quiet)
            return try await body(
                ShopCatalogue(environment: environment, configuration: ServiceAssembly.inventory(configuration)))
        }
    }
}
