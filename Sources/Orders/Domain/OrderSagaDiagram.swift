/// The saga's table as documentation: drawn, and as a table. `docs/saga.md` holds both, and a test keeps them equal.
public enum OrderSagaDiagram {
    /// The steps and what leads from one to another, as a Mermaid state diagram. Rows that keep the step are left out, and
    /// so are the conditions, which the table has.
    public static func mermaid() -> String {
        var lines = ["stateDiagram-v2", "    [*] --> \(OrderSagaStep.started.rawValue) : POST /orders"]
        for from in OrderSagaStep.allCases {
            for to in OrderSagaStep.allCases where to != from {
                let events = events(from: from, to: to)
                guard !events.isEmpty else { continue }
                lines.append("    \(from.rawValue) --> \(to.rawValue) : \(events.joined(separator: "<br/>"))")
            }
        }
        lines.append("    \(OrderSagaStep.completed.rawValue) --> [*] : settled")
        for step in OrderSagaStep.undone { lines.append("    \(step.rawValue) --> [*] : undone and settled") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Every row of the definition, in the order in which the rows are tried, as Markdown tables.
    public static func table() -> String {
        [
            ("Tried first: what was heard before, and what contradicts what is known.", OrderSaga.guards),
            ("What the saga does.", OrderSaga.transitions),
            ("What is left came twice or too late, or cannot be if every service keeps its word.", OrderSaga.refusals),
        ].map { "\($0)\n\n\(table(of: $1))" }.joined(separator: "\n")
    }

    private static func table(of rules: [OrderSagaRule]) -> String {
        var lines = ["| in | on | if | to | what is done |", "|---|---|---|---|---|"]
        for rule in rules {
            let events = rule.on.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            let (to, done) =
                switch rule.outcome {
                case .apply(let effect, let to): (to?.rawValue ?? "", effect.name)
                case .ignore(let reason): ("", "ignored: \(reason)")
                case .illegal(let reason): ("", "**illegal**: \(reason)")
                }
            lines.append("| \(name(of: rule.from)) | \(events) | \(rule.when.name) | \(to) | \(done) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func events(from: OrderSagaStep, to: OrderSagaStep) -> [String] {
        var events: [String] = []
        for rule in OrderSaga.rules where rule.from.contains(from) {
            guard case .apply(_, to) = rule.outcome else { continue }
            for event in rule.on where !events.contains(event.rawValue) { events.append(event.rawValue) }
        }
        return events
    }

    private static func name(of steps: [OrderSagaStep]) -> String {
        let undone = OrderSagaStep.undone
        let running = OrderSagaStep.running
        let known: [([OrderSagaStep], String)] = [
            (OrderSagaStep.allCases, "any"), (running + undone, "any but COMPLETED"), (running, "running"),
            (undone, "undone"), (undone + [.completed], "any ended"),
        ]
        if let name = known.first(where: { Set($0.0) == Set(steps) })?.1 { return name }
        if Set(running).isStrictSubset(of: steps) {
            return (["running"] + steps.filter { !running.contains($0) }.map(\.rawValue)).joined(separator: ", ")
        }
        return steps.map(\.rawValue).joined(separator: ", ")
    }
}
