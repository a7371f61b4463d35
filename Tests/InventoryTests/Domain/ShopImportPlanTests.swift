import Contracts
import Foundation
import Outbox
import ServiceRuntime
import Testing

@testable import Inventory

@Suite("The plan of a shop's import")
struct ShopImportPlanTests {
    @Test(
        "stock and threshold of one line are told as low stock only when they are low together",
        arguments: [
            // Of 10 pieces with a threshold of 8.
            (-5, 3, []), (-5, nil, [5]), (-5, 6, [5]), (-5, 5, []), (5, 12, []), (5, 20, [15]), (0, 12, [10]),
            (-5, 0, []),
        ] as [(Int, Int?, [Int])])
    func lowStock(adjustment: Int, threshold: Int?, told: [Int]) throws {
        var book = StockBookTests.book([StockBookTests.item("JAR", 10, threshold: 8)])
        try ShopImportPlan.apply(Self.line("JAR", adjustment, threshold), to: &book, reference: .v7())
        let alerts = book.messages.compactMap {
            if case .lowStock(let data) = $0.message { data.available } else { nil }
        }
        #expect(alerts == told)
        #expect(book.shelf["JAR"]?.onHand == 10 + adjustment)
        #expect(book.shelf["JAR"]?.lowStockThreshold == threshold ?? 8)
    }

    @Test("a line whose stock is refused leaves the threshold as it is")
    func refused() throws {
        var book = StockBookTests.book([StockBookTests.item("JAR", 10, threshold: 8)])
        let plan = Self.plan([Self.line("JAR", -11, 3)], &book)
        #expect(plan.errors.map(\.code) == ["stock_reserved"])
        #expect(plan.updates.isEmpty)
        #expect(book.shelf["JAR"]?.lowStockThreshold == 8)
        #expect(book.changes.items.isEmpty)
    }

    @Test(
        "a hold too short to pay in is refused, unless the product has it already",
        arguments: [(60, 60, true), (60, nil, false), (60, 120, false), (120, 60, true)] as [(Int, Int?, Bool)])
    func shortHold(seconds: Int, former: Int?, isFine: Bool) throws {
        var book = StockBookTests.book([StockBookTests.item("JAR", 10)])
        let plan = Self.plan([Self.line("JAR", 0, nil, hold: seconds)], ttl: former, &book)
        #expect(plan.errors.map(\.column) == (isFine ? [] : ["reservationTTLSeconds"]))
        let new = Self.plan([Self.line("NEW", 0, nil, hold: seconds)], &book)
        #expect(new.errors.isEmpty == (seconds >= 120))
    }

    private static let price = Money(amount: 100, currency: "EUR")

    private static func line(_ sku: String, _ adjustment: Int, _ threshold: Int?, hold: Int? = nil) -> ShopLine {
        ShopLine(
            line: 2, sku: sku, title: "A piece", price: price, hold: hold.map { .of(.seconds($0)) },
            lowStockThreshold: threshold, version: sku == "NEW" ? .none : .any, adjustStock: adjustment)
    }

    private static func plan(_ lines: [ShopLine], ttl: Int? = nil, _ book: inout StockBook) -> ShopImportPlan {
        let jar = Product(
            sku: "JAR", artisanID: "ana", title: "A piece", description: "", price: price, isActive: true,
            reservationTTL: ttl.map { .seconds($0) }, version: 1, createdAt: .now, updatedAt: .now)
        var plan = ShopImportPlan(lines, products: ["JAR": jar], artisanID: "ana")
        plan.apply(to: &book, reference: .v7())
        return plan
    }
}
