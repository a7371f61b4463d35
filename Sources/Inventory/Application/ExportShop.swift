import Contracts
import Postgres
import ServiceRuntime

/// Writes a shop as a file that ``ImportShop`` takes back.
struct ExportShop: Sendable {
    static let pageSize = 500

    let separator: CSV.Separator

    /// A piece of the file.
    struct Page: Sendable {
        let text: String
        /// Behind which SKU the next one begins; nil after the last.
        let next: String?
    }

    /// The file's first line.
    var header: String { CSV.line(ShopColumn.allCases.map(\.rawValue), separator: separator) }

    /// The lines behind a SKU: page by page, so that a shop of any size needs little memory.
    func page(of artisanID: String, after sku: String?, on executor: any PostgresExecutor) async throws -> Page {
        let rows = try await executor.query(ShopSQL.page.bind(artisanID, sku, Self.pageSize))
        var text = ""
        var last: String?
        for row in rows {
            let product = try Product(row)
            let shelf = Shelf(onHand: try row.get(11), reserved: try row.get(12), threshold: try row.get(13))
            text += CSV.line(ShopColumn.allCases.map { cell($0, of: product, on: shelf) }, separator: separator)
            last = product.sku
        }
        return Page(text: text, next: rows.count == Self.pageSize ? last : nil)
    }

    private struct Shelf {
        let onHand: Int
        let reserved: Int
        let threshold: Int
    }

    private func cell(_ column: ShopColumn, of product: Product, on shelf: Shelf) -> String {
        switch column {
        case .sku: product.sku
        case .title: CSV.guarded(product.title)
        case .description: CSV.guarded(product.description)
        // Where the comma is the decimal sign, spreadsheets separate by semicolons.
        case .price: DecimalPrice.text(product.price, decimalSign: separator == .semicolon ? "," : ".")
        case .currency: product.price.currency
        case .active: product.isActive ? "true" : "false"
        case .reservationTTLSeconds: product.reservationTTL.map { "\($0.components.seconds)" } ?? ""
        case .lowStockThreshold: "\(shelf.threshold)"
        case .version: "\(product.version)"
        case .adjustStock: ""
        case .onHand: "\(shelf.onHand)"
        case .reserved: "\(shelf.reserved)"
        }
    }
}
