/// A product's number, chosen by its artisan.
enum SKU {
    static let form = "1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit"

    /// The same as the CHECK on `product.sku`: `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`.
    static func isValid(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
