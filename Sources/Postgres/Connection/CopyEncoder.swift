/// Rows in COPY's text format: columns separated by tabs, rows by line feeds, `\N` for null, and a backslash before each
/// character that means something (https://www.postgresql.org/docs/current/sql-copy.html).
struct CopyEncoder {
    private(set) var bytes: [UInt8] = []
    private var text = PostgresBuffer()

    mutating func append(_ row: [(any PostgresEncodable)?]) throws {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\t")) }
            guard let value else {
                bytes.append(contentsOf: #"\N"#.utf8)
                continue
            }
            text.removeAll(keepingCapacity: true)
            try value.encodeText(into: &text)
            for byte in text.bytes { append(escaping: byte) }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
        case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\r"): bytes.append(contentsOf: #"\r"#.utf8)
        case UInt8(ascii: "\t"): bytes.append(contentsOf: #"\t"#.utf8)
        default: bytes.append(byte)
        }
    }
}
