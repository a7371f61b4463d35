public import Foundation
import Outbox

extension SagaExplanation {
    /// For people to read, line by line.
    /// - Parameter now: counts the time that is left; the database's clock.
    public func text(now: Date) -> String {
        var lines = ["Order \(orderId.lowercased): \(status.rawValue)" + (reason.map { " (\($0))" } ?? ""), summary]
        if let waitingFor {
            let left = Int(waitingFor.until.timeIntervalSince(now).rounded())
            let due = left >= 0 ? "in \(left) s" : "\(-left) s ago"
            lines.append("")
            lines.append("Waits for    \(waitingFor.what)")
            lines.append("Until        \(waitingFor.until.formatted(.iso8601)) (\(due))")
            lines.append("And then     \(waitingFor.then)")
        } else {
            lines.append("Nothing is awaited any more.")
        }
        if let operations { lines += ["", "Known        " + Self.known(operations)] }
        for reason in operations?.whyStuck ?? [] { lines.append("STUCK        \(reason)") }
        if let operations, operations.illegalEvents > 0 {
            lines.append("Odd          \(operations.illegalEvents) events that could not be in its state")
        }
        if !latest.isEmpty {
            lines += ["", "Latest"]
            lines += latest.map { "  \($0.at.formatted(.iso8601))  \($0.what)" }
        }
        if !choices.isEmpty {
            lines += ["", "What you can do"]
            for choice in choices {
                lines.append("  \(choice.what)" + (choice.until.map { " (until \($0.formatted(.iso8601)))" } ?? ""))
                if let command = choice.command { lines.append("    \(command)") }
                lines.append("    \(choice.request)")
            }
        }
        if let look = operations?.look, !look.isEmpty { lines += ["", "Where to look"] + look.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func known(_ internals: Internals) -> String {
        var known = ["stock \(internals.stock.rawValue)", "payment \(internals.payment.rawValue)"]
        if internals.rescue != .none { known.append("rescue \(internals.rescue.rawValue)") }
        if let reason = internals.refundReason { known.append("refund \(reason)") }
        if internals.askedAgain > 0 { known.append("asked again \(internals.askedAgain) times") }
        return known.joined(separator: ", ")
            + " (saga \(internals.sagaId.lowercased), version \(internals.definitionVersion))"
    }
}
