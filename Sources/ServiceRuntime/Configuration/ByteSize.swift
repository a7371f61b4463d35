/// Sizes as people write them: `512KiB`, `1MiB`, `10GiB`, or bytes.
enum ByteSize {
    private static let units: [(name: String, bytes: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1),
    ]

    /// Nil when it is not a whole number of a known unit, or too large.
    static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int64(digits), let factor = units.first(where: { $0.name == unit })?.bytes else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: factor)
        return overflows ? nil : bytes
    }

    static func format(_ bytes: Int64) -> String {
        guard bytes > 0, let unit = units.first(where: { bytes % $0.bytes == 0 && !$0.name.isEmpty }) else {
            return String(bytes)
        }
        return unit.name == "B" ? String(bytes) : "\(bytes / unit.bytes)\(unit.name)"
    }
}
