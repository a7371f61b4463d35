import Contracts
import Foundation
import Postgres
public import ServiceRuntime

/// A small catalogue of real craft pieces of Jaén and Andalucía, for development and demonstrations.
public enum CatalogueSeed {
    /// One piece of the catalogue.
    public struct Piece: Sendable, Hashable {
        public let sku: String
        public let artisanID: String
        public let title: String
        public let description: String
        /// Euro cents.
        public let price: Int64
        /// Pieces on the shelf.
        public let stock: Int
        public let lowStockThreshold: Int
    }

    public static let pieces: [Piece] = [
        Piece(
            sku: "ESP-CAPACHO-32", artisanID: "esparto-ubeda", title: "Capacho de esparto, 32 cm",
            description: "Basket of esparto grass, cooked, beaten and plaited by hand in Úbeda, with two handles.",
            price: 3850, stock: 40, lowStockThreshold: 5),
        Piece(
            sku: "CER-UBEDA-LEBRILLO", artisanID: "alfar-calle-valencia", title: "Lebrillo de cerámica verde de Úbeda",
            description:
                "Bowl with the copper-green glaze of Úbeda's calle Valencia, fired in a wood-burning kiln of Arab type.",
            price: 5400, stock: 25, lowStockThreshold: 4),
        Piece(
            sku: "OLI-TABLA-45", artisanID: "olivo-sierra-magina", title: "Tabla de madera de olivo, 45 cm",
            description: "Serving board of one piece of olive wood from Sierra Mágina, oiled with its own oil.",
            price: 2990, stock: 60, lowStockThreshold: 10),
        Piece(
            sku: "FOR-FAROL-UBEDA", artisanID: "forja-ubeda", title: "Farol de forja de Úbeda",
            description: "Lantern of hammered iron and glass, after those of the Renaissance palaces of Úbeda.",
            price: 12_800, stock: 8, lowStockThreshold: 2),
        Piece(
            sku: "CER-BAILEN-ORZA", artisanID: "alfar-bailen", title: "Orza de barro de Bailén",
            description: "Glazed earthenware jar with a lid for oil and preserves, thrown in Bailén.",
            price: 4200, stock: 30, lowStockThreshold: 5),
        Piece(
            sku: "TAR-GRANADA-CAJA", artisanID: "taracea-albaicin", title: "Caja de taracea granadina",
            description: "Box with inlay of walnut, rosewood, bone and mother-of-pearl, from the Albaicín in Granada.",
            price: 7650, stock: 12, lowStockThreshold: 3),
        Piece(
            sku: "CUE-UBRIQUE-CARTERA", artisanID: "piel-ubrique", title: "Cartera de piel de Ubrique",
            description: "Wallet of vegetable-tanned goatskin, cut and sewn in Ubrique.",
            price: 4900, stock: 50, lowStockThreshold: 8),
        Piece(
            sku: "FIL-CORDOBA-PEND", artisanID: "filigrana-cordoba", title: "Pendientes de filigrana cordobesa",
            description: "Earrings of silver filigree, drawn and soldered by hand in Córdoba. One pair left.",
            price: 8900, stock: 1, lowStockThreshold: 0),
    ]

    /// Puts the pieces into the catalogue and on the shelf, by the way of `PUT /products/{sku}`, so that the other
    /// services are told. A piece that is there already stays as it is, with its stock.
    /// - Returns: how many pieces were new.
    @discardableResult
    public static func apply(
        to environment: ServiceEnvironment, configuration: InventoryConfiguration = InventoryConfiguration()
    ) async throws -> Int {
        let service = InventoryService(environment: environment, configuration: configuration)
        let identity = Identity(subject: "catalogue-seed", role: .ops)
        let onlyNew: VersionCheck = { (version: Int64?, _: Bool) throws(Problem) in
            if version != nil { throw .preconditionFailed() }
        }
        var created = 0
        for piece in pieces {
            // One transaction a piece: what is in the catalogue has its stock.
            created += try await environment.pool.withTransaction { transaction in
                guard try await service.products.lock(piece.sku, in: transaction) == nil else { return 0 }
                let result = try await PutProduct(products: service.products).run(
                    piece.sku, piece.draft, by: identity, check: onlyNew, in: transaction)
                guard case .created = result else { return 0 }
                let store = service.store
                _ = try await AdjustStock(store: store).run(
                    piece.sku, .init(delta: piece.stock, reason: "first stock"), by: identity, in: transaction)
                _ = try await SetLowStockThreshold(store: store).run(
                    piece.sku, piece.lowStockThreshold, by: identity, in: transaction)
                return 1
            }
        }
        return created
    }
}

extension CatalogueSeed.Piece {
    var draft: ProductDraft {
        ProductDraft(
            artisanID: artisanID, title: title, description: description, price: Money(amount: price, currency: "EUR"))
    }
}
