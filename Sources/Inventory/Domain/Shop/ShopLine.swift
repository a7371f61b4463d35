import Contracts
import ServiceRuntime

/// One product as a line of a shop's file asks for it. A column that the file has not leaves what is there.
struct ShopLine: Sendable, Hashable {
    /// Which version may be overwritten.
    enum Version: Sendable, Hashable {
        case none
        case any
        case exactly(Int64)
    }

    /// A hold of its own, or the service's default.
    enum Hold: Sendable, Hashable {
        case standard
        case of(Duration)
    }

    /// Where it begins in the file, counted from 1.
    let line: Int
    let sku: String
    var title: String
    var description: String?
    var price: Money
    var isActive: Bool?
    var hold: Hold?
    var lowStockThreshold: Int?
    var version: Version
    var adjustStock: Int

    /// The product as it is to be.
    func draft(artisanID: String, over product: Product?) -> ProductDraft {
        let ttl: Duration? =
            switch hold {
            case nil: product?.reservationTTL
            case .standard: nil
            case .of(let duration): duration
            }
        return ProductDraft(
            artisanID: artisanID, title: title, description: description ?? product?.description ?? "", price: price,
            isActive: isActive ?? product?.isActive ?? true, reservationTTL: ttl)
    }
}

/// Why a line of a shop's file cannot be imported.
public struct ShopLineError: Codable, Sendable, Hashable {
    /// Counted from 1, the header being line 1.
    public let line: Int
    public let sku: String?
    /// The column; nil when it is the line as a whole.
    public let column: String?
    /// Stable, for programs.
    public let code: String
    /// For people.
    public let message: String

    init(line: Int, sku: String?, column: String? = nil, code: String, _ message: String) {
        self.line = line
        self.sku = sku
        self.column = column
        self.code = code
        self.message = message
    }
}
