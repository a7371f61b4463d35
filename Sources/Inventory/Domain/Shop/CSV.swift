/// Comma-separated values as spreadsheets write them: cells may be quoted, lines end in CR LF or LF, and where the
/// comma is the decimal sign (as in Spain) the separator is a semicolon.
/// Source: RFC 4180.
enum CSV {
    enum Separator: Character, Sendable, CaseIterable {
        case comma = ","
        case semicolon = ";"
        case tab = "\t"
    }

    /// One line of the table. A quoted cell may hold line ends, so it need not be one line of the file.
    struct Record: Sendable, Equatable {
        /// Where it begins, counted from 1.
        let line: Int
        var cells: [String]
    }

    /// The file is no CSV from this line on.
    struct Malformed: Error, Equatable {
        let line: Int
        let reason: String
    }

    // MARK: Reading

    /// All records but empty lines. The separator is the one that the first line has most of.
    static func records(of bytes: [UInt8]) throws(Malformed) -> (separator: Separator, records: [Record]) {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
        let separator = separator(of: bytes)
        var reader = Reader(bytes: bytes, separator: separator.rawValue.asciiValue ?? UInt8(ascii: ","))
        var records: [Record] = []
        while let record = try reader.next() { records.append(record) }
        return (separator, records)
    }

    private static func separator(of bytes: ArraySlice<UInt8>) -> Separator {
        let first = bytes.prefix { $0 != UInt8(ascii: "\n") }
        func count(_ separator: Separator) -> Int { first.count { $0 == separator.rawValue.asciiValue } }
        return Separator.allCases.max { count($0) < count($1) }.flatMap { count($0) > 0 ? $0 : nil } ?? .comma
    }

    private struct Reader {
        let bytes: ArraySlice<UInt8>
        let separator: UInt8
        private var index: Int
        private var line = 1

        init(bytes: ArraySlice<UInt8>, separator: UInt8) {
            self.bytes = bytes
            self.separator = separator
            self.index = bytes.startIndex
        }

        private var byte: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

        mutating func next() throws(Malformed) -> Record? {
            while takeLineEnd() {}
            guard byte != nil else { return nil }
            var record = Record(line: line, cells: [try cell()])
            while let byte, byte == separator {
                index += 1
                record.cells.append(try cell())
            }
            guard takeLineEnd() || byte == nil else {
                throw Malformed(line: line, reason: "there is text behind a closing quote")
            }
            return record
        }

        private mutating func takeLineEnd() -> Bool {
            guard let byte, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { return false }
            index += 1
            if byte == UInt8(ascii: "\r"), self.byte == UInt8(ascii: "\n") { index += 1 }
            line += 1
            return true
        }

        private mutating func cell() throws(Malformed) -> String {
            guard byte == UInt8(ascii: "\"") else {
                let start = index
                while let byte, byte != separator, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { index += 1 }
                return try text(bytes[start..<index])
            }
            let start = line
            index += 1
            var content: [UInt8] = []
            while let byte {
                index += 1
                if byte == UInt8(ascii: "\"") {
                    guard self.byte == UInt8(ascii: "\"") else { return try text(content[...]) }
                    index += 1
                } else if byte == UInt8(ascii: "\n") {
                    line += 1
                }
                content.append(byte)
            }
            throw Malformed(line: start, reason: "a quote is not closed")
        }

        private func text(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> String {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Malformed(line: line, reason: "it is not UTF-8: save the file as “CSV UTF-8”")
            }
            return text
        }
    }

    // MARK: Writing

    /// A line of the file, with its end.
    static func line(_ cells: [String], separator: Separator = .comma) -> String {
        cells.map { quoted($0, separator: separator) }.joined(separator: String(separator.rawValue)) + "\r\n"
    }

    private static func quoted(_ cell: String, separator: Separator) -> String {
        let isPlain = cell.unicodeScalars.allSatisfy {
            $0 != "\"" && $0 != "\n" && $0 != "\r" && Character($0) != separator.rawValue
        }
        return isPlain ? cell : "\"\(cell.replacing("\"", with: "\"\""))\""
    }

    /// Text which a spreadsheet would take for a formula gets an apostrophe in front; ``unguarded(_:)`` takes it away.
    /// Source: OWASP, CSV Injection.
    static func guarded(_ text: String) -> String {
        isFormula(text) ? "'" + text : text
    }

    static func unguarded(_ cell: String) -> String {
        cell.first == "'" && isFormula(cell) ? String(cell.dropFirst()) : cell
    }

    /// Behind any number of apostrophes, so that guarding can be undone exactly.
    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first(where: { $0 != "'" }) else { return false }
        return "=+-@\t\r".unicodeScalars.contains(first)
    }
}
