/// Durations as people write them: `500ms`, `30s`, `5m`, `1h30m`, `14d`.
public enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads whole numbers with units, larger units first; `0` needs no unit.
    /// - Returns: nil when the text is anything else (a bare number has no unit and is refused), or too large.
    public static func parse(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        var rest = text[...]
        var total: Int64 = 0
        var nextUnit = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let count = Int64(digits), let unit = units.firstIndex(where: { $0.name == name }), unit >= nextUnit
            else { return nil }
            nextUnit = unit + 1
            let (product, tooLarge) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
            let (sum, overflows) = total.addingReportingOverflow(product)
            guard !tooLarge, !overflows else { return nil }
            total = sum
        }
        return text.isEmpty ? nil : .milliseconds(total)
    }

    /// The shortest text that ``parse(_:)`` reads back, to the millisecond.
    public static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var rest = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}
