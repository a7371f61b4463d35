import Foundation

/// Figures beside their limits and goals, in columns.
struct FigureTable {
    private var rows = [["what", "ours", "C limit", "ratio", "goal"]]

    mutating func add(_ what: String, _ ours: String, limit: String = "", ratio: Double? = nil, goal: String = "") {
        rows.append([what, ours, limit, ratio.map { String(format: "%.2f", $0) } ?? "", goal])
    }

    var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + padding : padding + text
            }.joined(separator: "  ")
        }
    }
}
