import Composition
import Foundation

/// What became of one check.
struct CheckReport: Sendable, Encodable {
    enum Outcome: String, Sendable, Encodable {
        case clean, violated
        /// It could not be looked at.
        case unknown
    }

    let name: String
    let promise: String
    let outcome: Outcome
    let violations: Int
    /// Some of the violations.
    let examples: [Suspect]
    /// What shows them, made for the first example.
    let queries: [CheckQuery]
    /// Why it could not be looked at.
    let error: String?

    init(_ check: SystemCheck, _ suspects: Suspects) {
        name = check.name
        promise = check.promise
        outcome = suspects.isEmpty ? .clean : .violated
        violations = suspects.count
        examples = suspects.kept
        let first = suspects.kept.first
        let own = first?.queries ?? []
        queries = own.isEmpty ? check.queries.map { $0.about(first?.key ?? "…") } : own
        error = nil
    }

    init(_ check: SystemCheck, error: String) {
        name = check.name
        promise = check.promise
        outcome = .unknown
        violations = 0
        examples = []
        queries = []
        self.error = error
    }

    private init(_ report: CheckReport, examples limit: Int) {
        name = report.name
        promise = report.promise
        outcome = report.outcome
        violations = report.violations
        examples = Array(report.examples.prefix(limit))
        queries = report.queries
        error = report.error
    }

    func showing(_ limit: Int) -> CheckReport { CheckReport(self, examples: limit) }
}

/// What became of all checks.
struct VerificationReport: Sendable, Encodable {
    let checks: [CheckReport]
    /// What was on its way when the looking began; nil when that could not be read.
    let backlog: Backlog?
    let seconds: Double

    var violated: [CheckReport] { checks.filter { $0.outcome == .violated } }
    var unknown: [CheckReport] { checks.filter { $0.outcome == .unknown } }
    var isClean: Bool { violated.isEmpty && unknown.isEmpty }

    private enum CodingKeys: String, CodingKey {
        case checks, backlog, seconds, clean
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isClean, forKey: .clean)
        try container.encode(checks, forKey: .checks)
        try container.encodeIfPresent(backlog, forKey: .backlog)
        try container.encode(seconds, forKey: .seconds)
    }

    /// - Parameter limit: at most so many examples of each check.
    func showing(_ limit: Int) -> VerificationReport {
        VerificationReport(checks: checks.map { $0.showing(limit) }, backlog: backlog, seconds: seconds)
    }

    func lines(_ terminal: Terminal) -> [String] {
        var table = TextTable(["check", "result", "what holds"])
        for check in checks {
            let result: TextTable.Cell =
                switch check.outcome {
                case .clean: .init("ok", .green)
                case .violated: .init("\(check.violations) violated", .red)
                case .unknown: .init("not seen", .yellow)
                }
            table.add([.init(check.name), result, .init(check.promise)])
        }
        var lines = table.lines(terminal)
        for check in violated {
            lines += ["", terminal.paint("\(check.name): \(check.violations) violated", .red)]
            lines += check.examples.map { "  \($0.key)  \($0.what)" }
            if check.violations > check.examples.count {
                lines.append("  … and \(check.violations - check.examples.count) more")
            }
            lines += check.queries.map { terminal.paint("  \($0.database.rawValue)=> \($0.sql);", .dim) }
        }
        for check in unknown {
            lines += ["", terminal.paint("\(check.name): \(check.error ?? "")", .yellow)]
        }
        if let backlog, !backlog.isQuiet {
            lines += [
                "",
                "on its way: \(backlog.unrelayed) to be relayed, \(backlog.unconsumed) to be consumed, "
                    + "\(backlog.dueJobs) jobs due",
            ]
        }
        let time = Age.text(seconds: seconds)
        let summary =
            isClean
            ? terminal.paint("all \(checks.count) checks are clean (\(time))", .green)
            : terminal.paint(
                "\(violated.count) of \(checks.count) checks are violated, \(unknown.count) could not be seen (\(time))",
                violated.isEmpty ? .yellow : .red)
        return lines + ["", summary]
    }
}
