import ArgumentParser
import Composition
import Foundation
import Postgres

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check that the three databases and the streams agree, order by order and event by event.",
        discussion: """
            It changes nothing, and may run while the system works: what is only on its way is looked at again and does not \
            count. For each violation it shows the query with which to see it.

            Exit codes: 0 all is clean, 1 something is violated, 2 something could not be looked at.

            EXAMPLES
              artesanos verify
              artesanos verify --settle 30s --json
              artesanos verify --only money --only stock
              artesanos verify --list
            """)

    @Option(help: ArgumentHelp("Only this check; may be given several times.", valueName: "check"))
    var only: [String] = []
    @Flag(help: "Name the checks and what they mean, and look at nothing.")
    var list = false
    @Option(help: ArgumentHelp("First wait until nothing is on its way, at most so long.", valueName: "duration"))
    var settle: DurationArgument?
    @Option(help: ArgumentHelp("How long something may be on its way before it counts.", valueName: "duration"))
    var grace = DurationArgument(.seconds(5))
    @Option(help: "At most so many examples of each violation.")
    var examples = 5
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let checks = try chosen()
        if list { return try show(checks) }
        let report: VerificationReport
        do {
            report = try await SystemView.with(try options.loadOrDevelopment()) { system in
                if let settle, try await !Backlog.settle(system, within: settle.duration) {
                    Output.error("artesanos: something is still on its way")
                }
                return try await Verification(system: system, checks: checks, grace: grace.duration).run()
            }
        } catch let error as UsageFailure {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw UsageFailure("could not look: \(error)")
        }
        let shown = report.showing(max(1, examples))
        if json { try JSONOutput.print(shown) } else { shown.lines(.standard).forEach { Output.line($0) } }
        if !report.violated.isEmpty { throw ExitCode.checkFailed }
        if !report.unknown.isEmpty { throw ExitCode.usage }
    }

    private func chosen() throws -> [SystemCheck] {
        let names = SystemCheck.all.map(\.name)
        for name in only where !names.contains(name) {
            throw UsageFailure("--only: \"\(name)\" was given; there are \(names.joined(separator: ", "))")
        }
        return only.isEmpty ? SystemCheck.all : SystemCheck.all.filter { only.contains($0.name) }
    }

    private struct Listed: Encodable {
        let name: String
        let promise: String
        let queries: [CheckQuery]
    }

    private func show(_ checks: [SystemCheck]) throws {
        if json {
            return try JSONOutput.print(
                checks.map { Listed(name: $0.name, promise: $0.promise, queries: $0.queries) })
        }
        var table = TextTable(["check", "what holds"])
        for check in checks { table.add(check.name, check.promise) }
        table.lines(.standard).forEach { Output.line($0) }
    }
}
