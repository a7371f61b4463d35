import Foundation

/// What a shop's file changes, decided from its lines and the products that are there: no effects.
struct ShopImportPlan: Sendable {
    struct Change: Sendable {
        let line: ShopLine
        let draft: ProductDraft
        /// False when nothing of the product itself changes.
        let isChange: Bool
    }

    private(set) var creates: [Change] = []
    private(set) var updates: [Change] = []
    private(set) var errors: [ShopLineError] = []

    /// - Parameters:
    ///   - lines: of the file, each SKU once.
    ///   - products: those of the lines' SKUs that exist, locked.
    ///   - artisanID: whose shop it is.
    init(_ lines: [ShopLine], products: [String: Product], artisanID: String) {
        for line in lines {
            guard let product = products[line.sku] else {
                create(line, artisanID: artisanID)
                continue
            }
            guard product.artisanID == artisanID else {
                fail(line, .sku, "taken", "another artisan has a product of this SKU")
                continue
            }
            let draft = line.draft(artisanID: artisanID, over: product)
            guard draft.isTTLFine(over: product.draft) else {
                fail(line, .reservationTTLSeconds, "range", ProductDraft.ttlExpectation)
                continue
            }
            switch line.version {
            case .exactly(let version) where version != product.version:
                fail(
                    line, .version, "changed",
                    "the product is at version \(product.version): it was changed since \(version) was exported")
            case .none where draft != product.draft:
                fail(
                    line, .version, "missing",
                    "the product exists: give the version that was exported, or * to overwrite any")
            case .none, .any, .exactly:
                updates.append(Change(line: line, draft: draft, isChange: draft != product.draft))
            }
        }
    }

    private mutating func create(_ line: ShopLine, artisanID: String) {
        if case .exactly(let version) = line.version {
            fail(line, .version, "gone", "there is no such product, so none of version \(version)")
        } else if line.adjustStock < 0 {
            fail(line, .adjustStock, "stock_reserved", "a new product has no pieces to take off")
        } else {
            let draft = line.draft(artisanID: artisanID, over: nil)
            guard draft.isTTLFine(over: nil) else {
                return fail(line, .reservationTTLSeconds, "range", ProductDraft.ttlExpectation)
            }
            creates.append(Change(line: line, draft: draft, isChange: true))
        }
    }

    private mutating func fail(_ line: ShopLine, _ column: ShopColumn, _ code: String, _ message: String) {
        errors.append(
            ShopLineError(line: line.line, sku: line.sku, column: column.rawValue, code: code, message))
    }

    /// Makes the stock's changes in a book that has the lines' shelves; lines that it refuses are dropped.
    mutating func apply(to book: inout StockBook, reference: UUID) {
        var refused: Set<String> = []
        for change in updates {
            do {
                try Self.apply(change.line, to: &book, reference: reference)
            } catch .tooFewLeft(_, let onHand, let reserved) {
                refused.insert(change.line.sku)
                fail(
                    change.line, .adjustStock, "stock_reserved",
                    "\(onHand) are on hand and \(reserved) of them are held for orders")
            } catch {
                refused.insert(change.line.sku)
                fail(change.line, .sku, "unknown", "has no shelf")
            }
        }
        updates.removeAll { refused.contains($0.line.sku) }
    }

    /// The same for one line.
    static func apply(_ line: ShopLine, to book: inout StockBook, reference: UUID) throws(StockBookError) {
        // A refused line changes nothing.
        try book.requireAdjustable(line.sku, by: line.adjustStock)
        let former = book.shelf[line.sku]?.lowStockThreshold ?? 0
        let threshold = line.lowStockThreshold ?? former
        // A threshold that falls, falls first: stock that is lowered with it is not low by what held before.
        if threshold < former { try book.setLowStockThreshold(threshold, of: line.sku) }
        if line.adjustStock != 0 {
            try book.adjust(line.sku, by: line.adjustStock, reason: "shop import", reference: reference)
        }
        if threshold > former { try book.setLowStockThreshold(threshold, of: line.sku) }
    }

    /// A product that somebody else made between looking and writing.
    mutating func dropRaced(_ made: Set<String>) {
        for change in creates where !made.contains(change.line.sku) {
            fail(change.line, .sku, "taken", "somebody made it in the meantime: import the file again")
        }
        creates.removeAll { !made.contains($0.line.sku) }
    }
}
