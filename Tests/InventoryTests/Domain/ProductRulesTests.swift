import Contracts
import ServiceRuntime
import Testing

@testable import Inventory

@Suite("Rules of a product")
struct ProductRulesTests {
    @Test("a SKU has its form", arguments: ["A", "ESP-1", "a.b_c-9", String(repeating: "x", count: 64)])
    func validSKU(sku: String) {
        #expect(SKU.isValid(sku))
    }

    @Test(
        "what is no SKU is refused",
        arguments: ["", "-A", ".A", "A B", "ÁNFORA", "A/B", String(repeating: "x", count: 65), "A\u{0}"])
    func invalidSKU(sku: String) {
        #expect(!SKU.isValid(sku))
    }

    @Test("a draft that is fine has no problems")
    func fine() {
        #expect(draft().problems().isEmpty)
    }

    @Test("each wrong field is named")
    func namesFields() {
        var wrong = draft()
        wrong.artisanID = ""
        wrong.title = String(repeating: "x", count: 201)
        wrong.description = String(repeating: "x", count: 4001)
        wrong.price = Money(amount: 0, currency: "EURO")
        wrong.reservationTTL = .seconds(1)
        #expect(
            wrong.problems().map(\.field) == [
                "artisanId", "title", "description", "price.amount", "price.currency", "reservationTTLSeconds",
            ])
        wrong = draft()
        wrong.title = "a\u{0}b"
        #expect(wrong.problems().map(\.field) == ["title"])
    }

    @Test(
        "a product's own hold leaves time to pay before the order's payment deadline, a minute before its end",
        arguments: [(60, false), (119, false), (120, true), (86_400, true), (86_401, false)])
    func hold(seconds: Int, isFine: Bool) {
        var draft = draft()
        draft.reservationTTL = .seconds(seconds)
        #expect(draft.problems().isEmpty == isFine)
        // A product that has it from earlier keeps it until it is changed.
        var renamed = draft
        renamed.title = "Urn"
        #expect(renamed.problems(over: draft).isEmpty)
        var other = draft
        other.reservationTTL = .seconds(240)
        #expect(draft.problems(over: other).isEmpty == isFine)
    }

    @Test("the configuration names what is wrong with it")
    func configuration() {
        #expect(InventoryConfiguration().problems.isEmpty)
        let wrong = InventoryConfiguration(
            reservationTTL: .seconds(10), maxHold: .seconds(5), sweepInterval: .zero, consumerBatchSize: 0)
        #expect(wrong.problems.count == 3)
        #expect(wrong.problems.contains { $0.hasPrefix("maxHold") })
    }

    private func draft() -> ProductDraft {
        ProductDraft(artisanID: "ana", title: "Jar", price: Money(amount: 100, currency: "EUR"))
    }
}
