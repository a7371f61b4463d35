/// An amount of money in the minor units of its currency (cents for EUR, yen for JPY).
public struct Money: Codable, Sendable, Hashable {
    /// Minor units; never a fraction.
    public let amount: Int64
    /// ISO 4217, upper case.
    public let currency: String

    /// Makes an amount; the currency is put in upper case.
    public init(amount: Int64, currency: String) {
        self.amount = amount
        self.currency = currency.uppercased()
    }
}
