import Contracts

/// Prices as people write them: `38.50` euros, `1200` yen.
enum DecimalPrice {
    /// The digits behind the decimal sign. Source: ISO 4217, and https://docs.stripe.com/currencies#zero-decimal for
    /// what Stripe charges as such.
    static func digits(of currency: String) -> Int {
        if zeroDecimal.contains(currency) { return 0 }
        return threeDecimal.contains(currency) ? 3 : 2
    }

    private static let zeroDecimal: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    ]
    private static let threeDecimal: Set<String> = ["BHD", "JOD", "KWD", "OMR", "TND"]

    /// Minor units, from digits with at most one decimal point or comma; nil for anything else, such as thousands'
    /// separators or more decimals than the currency has.
    static func minorUnits(_ text: String, currency: String) -> Int64? {
        let digits = digits(of: currency)
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "," }
        guard (1...2).contains(parts.count), !parts[0].isEmpty,
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard fraction.count <= digits, parts.count == 1 || !fraction.isEmpty else { return nil }
        return Int64(String(parts[0]) + fraction + String(repeating: "0", count: digits - fraction.count))
    }

    static func text(_ price: Money, decimalSign: String = ".") -> String {
        let digits = digits(of: price.currency)
        guard digits > 0 else { return "\(price.amount)" }
        let text = String(price.amount)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return padded.dropLast(digits) + decimalSign + padded.suffix(digits)
    }
}
