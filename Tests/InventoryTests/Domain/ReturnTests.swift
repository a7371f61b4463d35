import Contracts
import Foundation
import Testing

@testable import Inventory

/// What happens to sold pieces when their order is cancelled for good; and that nothing else brings them back.
@Suite("Returned stock")
struct ReturnTests {
    private let order = StockBookTests.order()
    private let lines = [StockLine(sku: "JAR", quantity: 2)]

    private func book(after commands: StockCommand...) throws -> StockBook {
        var book = StockBookTests.book([StockBookTests.item("JAR", 5, threshold: 4)])
        for command in commands { _ = try book.apply(command) }
        return book
    }

    @Test("what was sold goes back on the shelf, with a ledger entry, and the saga is told")
    func returns() throws {
        var book = try book(after: .reserve(order, lines), .commit(order))
        #expect(book.shelf["JAR"]?.onHand == 3)
        #expect(try book.apply(.close(order)) == .applied)
        #expect(book.shelf["JAR"]?.onHand == 5 && book.shelf["JAR"]?.reserved == 0)
        #expect(book.shelf["JAR"]?.isLowStockAlerted == false)
        let entry = try #require(book.entries.last)
        #expect(entry.kind == .returned && entry.deltaOnHand == 2 && entry.deltaReserved == 0)
        #expect(entry.reason == "cancelled")
        let reservation = try #require(book.orders[order.orderID]?.latest)
        #expect(reservation.status == .released && reservation.reason == "cancelled")
        guard case .released(let told)? = book.messages.last?.message else {
            Issue.record("the release is not told")
            return
        }
        #expect(told.lines == lines && told.reason == "cancelled" && told.reservationId == reservation.id)
    }

    @Test("asked again, it gives nothing back a second time, and answers")
    func once() throws {
        var book = try book(after: .reserve(order, lines), .commit(order), .close(order), .close(order))
        #expect(try book.apply(.release(order, .cancelled)) == .applied)
        #expect(book.shelf["JAR"]?.onHand == 5)
        #expect(book.entries.count { $0.kind == .returned } == 1)
        let told = book.messages.count { if case .released = $0.message { true } else { false } }
        #expect(told == 3)
    }

    @Test("a confirmation that the cancellation has overtaken sells nothing", arguments: [true, false])
    func overtaken(wasReserved: Bool) throws {
        var book = wasReserved ? try book(after: .reserve(order, lines)) : try book()
        _ = try book.apply(.close(order))
        #expect(try book.apply(.commit(order)) == .ignored("the order was cancelled"))
        #expect(book.shelf["JAR"]?.onHand == 5 && book.shelf["JAR"]?.reserved == 0)
    }

    @Test(
        "a late payment that the cancellation has overtaken holds nothing, and nobody is told",
        arguments: [true, false])
    func overtakenLatePayment(wasReserved: Bool) throws {
        var book = wasReserved ? try book(after: .reserve(order, lines), .release(order, .failed)) : try book()
        _ = try book.apply(.close(order))
        let told = book.messages.count
        #expect(try book.apply(.reserveAgain(order, lines)) == .ignored("the order was cancelled"))
        #expect(book.shelf["JAR"]?.reserved == 0)
        #expect(book.messages.count == told)
    }

    @Test(
        "a stale end of an order that was saved does not take its stock away",
        arguments: [ReleaseReason.cancelled, .failed])
    func keepsSaved(reason: ReleaseReason) throws {
        var book = try book(after: .reserve(order, lines), .commit(order))
        _ = try book.apply(.release(order, reason))
        #expect(book.shelf["JAR"]?.onHand == 3)
        #expect(book.orders[order.orderID]?.committed != nil)
    }

    @Test(
        "only the reasons that nothing saves an order from are final",
        arguments: [
            ("customer_request", true), ("stock_lost", true), ("out_of_stock", false), ("payment_declined", false),
            ("payment_cancelled", false),
        ])
    func finalReasons(reason: String, isFinal: Bool) {
        #expect(OrderCancelled(orderId: UUID(), sagaId: UUID(), reason: reason).isFinal == isFinal)
    }
}
