import HTTPTypes
import ServiceRuntime
import Testing

@testable import Orders

@Suite("What can be ordered")
struct OrderedLinesTests {
    private func problem(_ lines: [(String, Int)], _ method: String? = nil) -> Problem? {
        let request = OrderRequest(
            lines: lines.map { OrderRequest.Line(sku: $0.0, quantity: $0.1) }, paymentMethod: method)
        do {
            _ = try OrderedLines(request)
            return nil
        } catch {
            return error
        }
    }

    @Test("1 to 50 lines of 1 to 999 pieces are taken, no less and no more")
    func limits() {
        #expect(problem([("a", 1)]) == nil)
        #expect(problem([("a", 999)]) == nil)
        #expect(problem((0..<50).map { ("p\($0)", 1) }) == nil)
        #expect(problem([])?.errors.map(\.field) == ["lines"])
        #expect(problem((0..<51).map { ("p\($0)", 1) })?.errors.map(\.field) == ["lines"])
        #expect(problem([("a", 0)])?.errors.map(\.field) == ["lines[0].quantity"])
        #expect(problem([("a", -1)])?.errors.map(\.code) == ["range"])
        #expect(problem([("b", 1), ("a", 1_000)])?.errors.map(\.field) == ["lines[1].quantity"])
        #expect(problem([("a", Int.max), ("a", Int.max)])?.errors.map(\.code) == ["range", "range"])
    }

    @Test("999 pieces is the limit of one product, over all its lines")
    func limitOfOneProduct() {
        #expect(problem([("a", 500), ("b", 1), ("a", 499)]) == nil)
        #expect(problem([("a", 500), ("b", 1), ("a", 500)])?.errors.map(\.field) == ["lines[2].quantity"])
    }

    @Test("every wrong field is named at once")
    func allErrors() {
        let found = problem([("", 0), (String(repeating: "x", count: 65), 1)], "pm card")
        #expect(
            found?.errors.map(\.field) == ["lines[0].sku", "lines[0].quantity", "lines[1].sku", "paymentMethod"])
        #expect(found?.status.code == 422)
    }

    @Test("a payment method is an id")
    func paymentMethod() {
        #expect(problem([("a", 1)], "pm_card_visa") == nil)
        #expect(problem([("a", 1)], "") != nil)
        #expect(problem([("a", 1)], "pm_1; drop") != nil)
        #expect(problem([("a", 1)], String(repeating: "p", count: 256)) != nil)
    }
}
