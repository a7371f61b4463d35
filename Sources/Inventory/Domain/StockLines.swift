import Contracts

/// Why lines cannot be reserved at all, whatever the stock.
enum StockLinesError: Error, Hashable {
    case noLines
    /// A quantity below one, or a sum that no number holds.
    case quantity(sku: String)
}

extension [StockLine] {
    /// One line a SKU, in order of the SKUs: the same SKU may stand on several lines of an order.
    /// - Throws: ``StockLinesError``.
    func summed() throws(StockLinesError) -> [StockLine] {
        guard !isEmpty else { throw .noLines }
        var quantities: [String: Int] = [:]
        for line in self {
            let (sum, overflow) = quantities[line.sku, default: 0].addingReportingOverflow(line.quantity)
            guard line.quantity > 0, !overflow else { throw .quantity(sku: line.sku) }
            quantities[line.sku] = sum
        }
        return quantities.sorted { $0.key < $1.key }.map { StockLine(sku: $0.key, quantity: $0.value) }
    }
}
