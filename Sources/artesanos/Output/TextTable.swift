/// Rows under headings, in columns that are as wide as their widest cell.
struct TextTable {
    struct Cell {
        let text: String
        let colour: Terminal.Colour?

        init(_ text: String, _ colour: Terminal.Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    private let headings: [String]
    private let rightAligned: Set<Int>
    private var rows: [[Cell]] = []

    /// - Parameter rightAligned: the numbers of the columns that hold figures, from 0.
    init(_ headings: [String], rightAligned: Set<Int> = []) {
        self.headings = headings
        self.rightAligned = rightAligned
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [Cell]) {
        // One line a row, whatever the cell holds.
        rows.append(cells.map { Cell($0.text.replacing("\n", with: " "), $0.colour) })
    }

    mutating func add(_ texts: String...) { add(texts.map { Cell($0) }) }

    /// The lines, headings first; trailing spaces are left out.
    func lines(_ terminal: Terminal) -> [String] {
        let widths = headings.indices.map { column in
            rows.reduce(headings[column].count) { max($0, $1[column].text.count) }
        }
        let heading = line(headings.map { Cell($0, .bold) }, widths, terminal)
        return [heading] + rows.map { line($0, widths, terminal) }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ terminal: Terminal) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: widths[column] - cell.text.count)
            let text = terminal.paint(cell.text, cell.colour)
            let isLast = column == cells.count - 1
            line += rightAligned.contains(column) ? padding + text : text + (isLast ? "" : padding)
            if !isLast { line += "  " }
        }
        return line
    }
}
