import Foundation

extension StockBook {
    /// Puts pieces on the shelf, or takes them off.
    /// - Throws: ``StockBookError``: unknown SKU; or fewer would be there than are held for orders.
    mutating func adjust(_ sku: String, by delta: Int, reason: String, reference: UUID) throws(StockBookError) {
        try requireAdjustable(sku, by: delta)
        move(sku, onHand: delta, as: .adjusted, reason: reason, reference: reference)
    }

    /// - Throws: as ``adjust(_:by:reason:reference:)`` would.
    func requireAdjustable(_ sku: String, by delta: Int) throws(StockBookError) {
        guard let item = shelf[sku] else { throw .unknownProduct(sku) }
        let (onHand, overflow) = item.onHand.addingReportingOverflow(delta)
        guard !overflow, onHand >= item.reserved else {
            throw .tooFewLeft(sku: sku, onHand: item.onHand, reserved: item.reserved)
        }
    }

    /// Sets the number of available pieces below which the artisan is told; 0 for never.
    /// - Throws: ``StockBookError`` for an unknown SKU.
    mutating func setLowStockThreshold(_ threshold: Int, of sku: String) throws(StockBookError) {
        guard shelf[sku] != nil else { throw .unknownProduct(sku) }
        setThreshold(threshold, of: sku)
    }
}
