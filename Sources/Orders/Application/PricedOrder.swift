import Contracts
import Foundation
import ServiceRuntime

/// An order with the prices of the catalogue's replica.
struct PricedOrder: Sendable {
    struct Line: Sendable {
        let product: CatalogueProduct
        let quantity: Int
    }

    /// The largest charge that Stripe takes: eight digits of minor units.
    static let maxTotal: Int64 = 99_999_999

    let lines: [Line]
    let total: Money

    /// - Throws: ``Problem`` 422: `validation_failed` naming each line whose product is unknown or withdrawn,
    ///   `mixed_currencies`, `total_too_large`.
    init(_ ordered: OrderedLines, products: [CatalogueProduct]) throws(Problem) {
        let bySKU = Dictionary(products.map { ($0.sku, $0) }) { first, _ in first }
        var lines: [Line] = []
        var errors: [FieldError] = []
        for line in ordered.lines {
            guard let product = bySKU[line.sku] else {
                errors.append(
                    FieldError(
                        field: "lines[\(line.index)].sku", code: "unknown_product", message: "is no known product"))
                continue
            }
            guard product.isActive else {
                errors.append(
                    FieldError(
                        field: "lines[\(line.index)].sku", code: "inactive_product", message: "is not on sale"))
                continue
            }
            lines.append(Line(product: product, quantity: line.quantity))
        }
        guard errors.isEmpty else { throw .validation(errors) }
        self.lines = lines
        self.total = try Self.total(of: lines)
    }

    private static func total(of lines: [Line]) throws(Problem) -> Money {
        let currencies = Set(lines.map(\.product.price.currency))
        guard let currency = currencies.first, currencies.count == 1 else {
            throw .unprocessable(
                code: "mixed_currencies", "all lines of an order must have one currency",
                fields: ["currencies": currencies.sorted()])
        }
        var total: Int64 = 0
        for line in lines {
            let (amount, overflows) = line.product.price.amount.multipliedReportingOverflow(by: Int64(line.quantity))
            guard !overflows, amount <= maxTotal - total else {
                throw .unprocessable(
                    code: "total_too_large", "an order may cost at most \(maxTotal) minor units",
                    fields: ["maximum": Money(amount: maxTotal, currency: currency)])
            }
            total += amount
        }
        return Money(amount: total, currency: currency)
    }
}
