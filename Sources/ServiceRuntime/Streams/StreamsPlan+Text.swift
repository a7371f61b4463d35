extension StreamsPlan: CustomStringConvertible {
    /// For people: what changes, field by field, and at the end how much of it there is.
    public var description: String {
        var lines: [String] = []
        for change in changes {
            lines.append("\(Self.mark(change.action)) \(change.name): \(Self.word(change.action))")
            for field in change.fields {
                let value = field.old.map { "\($0) → \(field.new)" } ?? field.new
                let risk = field.risk.map { "   ! destructive: \($0)" } ?? ""
                lines.append("    \(field.field): \(value)\(risk)")
            }
        }
        lines.append(summary)
        return lines.joined(separator: "\n")
    }

    /// Such as `2 to create, 1 to update, 6 unchanged; 1 change is destructive`.
    public var summary: String {
        func count(_ action: Change.Action) -> Int { changes.filter { $0.action == action }.count }
        var parts = ["\(count(.create)) to create", "\(count(.update)) to update"]
        if count(.recreate) > 0 { parts.append("\(count(.recreate)) to make anew") }
        parts.append("\(count(.unchanged)) unchanged")
        if count(.unmanaged) > 0 { parts.append("\(count(.unmanaged)) not in the file, left alone") }
        let risky = destructive.count
        return parts.joined(separator: ", ") + (risky == 0 ? "" : "; \(risky) destructive")
    }

    private static func mark(_ action: Change.Action) -> String {
        switch action {
        case .create: "+"
        case .update: "~"
        case .recreate: "±"
        case .unchanged: "="
        case .unmanaged: "?"
        }
    }

    private static func word(_ action: Change.Action) -> String {
        switch action {
        case .create: "create"
        case .update: "update"
        case .recreate: "delete and make anew"
        case .unchanged: "unchanged"
        case .unmanaged: "not in the file"
        }
    }
}
