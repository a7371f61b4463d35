import Contracts
import Foundation
import Outbox
import Testing

@testable import Inventory

@Suite("Stock book")
struct StockBookTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let policy = HoldPolicy(ttl: .seconds(900), maxHold: .seconds(3600))

    static func book(_ items: [ShelfItem]) -> StockBook {
        StockBook(now: now, policy: policy, shelf: items, orders: [])
    }

    static func item(
        _ sku: String, _ onHand: Int, threshold: Int = 0, isActive: Bool = true, ttl: Duration? = nil
    ) -> ShelfItem {
        ShelfItem(
            sku: sku, artisanID: "ana", isActive: isActive, ttl: ttl, onHand: onHand, reserved: 0,
            lowStockThreshold: threshold, isLowStockAlerted: false)
    }

    static func order() -> OrderReference { OrderReference(orderID: UUID(), sagaID: UUID()) }

    @Test("the same SKU on two lines is one line")
    func sums() throws {
        var book = Self.book([Self.item("JAR", 5)])
        let order = Self.order()
        let lines = [StockLine(sku: "JAR", quantity: 2), StockLine(sku: "JAR", quantity: 3)]
        #expect(try book.apply(.reserve(order, lines)) == .applied)
        #expect(book.shelf["JAR"]?.available == 0)
        #expect(book.changes.newReservations.first?.lines == [StockLine(sku: "JAR", quantity: 5)])
        #expect(book.entries.count == 1)
    }

    @Test("lines that make no sense are refused", arguments: [[], [0], [-1], [1, .max]])
    func refusesNonsense(quantities: [Int]) {
        var book = Self.book([Self.item("JAR", 5)])
        #expect(throws: StockLinesError.self) {
            try book.apply(.reserve(Self.order(), quantities.map { StockLine(sku: "JAR", quantity: $0) }))
        }
        #expect(book.messages.isEmpty)
    }

    @Test("a hold ends after the shortest TTL of its products, and its bound is never below that")
    func shortestTTL() throws {
        var book = Self.book([
            Self.item("A", 1), Self.item("B", 1, ttl: .seconds(60)), Self.item("C", 1, ttl: .seconds(7200)),
        ])
        _ = try book.apply(
            .reserve(Self.order(), [StockLine(sku: "A", quantity: 1), StockLine(sku: "B", quantity: 1)]))
        _ = try book.apply(.reserve(Self.order(), [StockLine(sku: "C", quantity: 1)]))
        let holds = book.changes.newReservations.sorted { $0.ttl < $1.ttl }
        #expect(holds.map { $0.expiresAt.timeIntervalSince(Self.now) } == [60, 7200])
        #expect(holds.map { $0.holdUntil.timeIntervalSince(Self.now) } == [3600, 7200])
    }

    @Test("an order's later reservation has the greater id, whatever this process's clock says")
    func idsGrow() throws {
        let order = Self.order()
        let lines = [StockLine(sku: "JAR", quantity: 1)]
        let id = UUID.v7()
        var book = StockBook(
            now: Self.now, policy: Self.policy, shelf: [Self.item("JAR", 1)], orders: [], makeID: { id })
        #expect(try book.apply(.reserve(order, lines)) == .applied)
        #expect(try book.apply(.release(order, .failed)) == .applied)
        #expect(try book.apply(.reserveAgain(order, lines)) == .applied)
        let ids = try #require(book.orders[order.orderID]).reservations.map(\.id)
        #expect(ids.count == 2 && ids[0] < ids[1])
    }

    @Test("in one batch the earlier order gets the last piece")
    func earlierFirst() throws {
        var book = Self.book([Self.item("JAR", 1)])
        let orders = [Self.order(), Self.order()]
        for order in orders { _ = try book.apply(.reserve(order, [StockLine(sku: "JAR", quantity: 1)])) }
        guard case .reserved(let reserved)? = book.messages.first?.message,
            case .outOfStock(let short)? = book.messages.last?.message
        else {
            Issue.record("expected one reserved, then one out of stock")
            return
        }
        #expect(reserved.orderId == orders[0].orderID)
        #expect(short.orderId == orders[1].orderID)
        #expect(short.shortages == [Shortage(sku: "JAR", requested: 1, available: 0)])
    }

    @Test("a reservation made and ended in one batch needs no job, and leaves the shelf as it was")
    func madeAndEnded() throws {
        var book = Self.book([Self.item("JAR", 1)])
        let order = Self.order()
        _ = try book.apply(.reserve(order, [StockLine(sku: "JAR", quantity: 1)]))
        _ = try book.apply(.release(order, .cancelled))
        let changes = book.changes
        #expect(changes.newReservations.map(\.status) == [.released])
        #expect(changes.jobs.isEmpty)
        #expect(changes.items.isEmpty)
        #expect(book.entries.map(\.deltaReserved) == [1, -1])
    }

    @Test("each message continues the trace of its own cause")
    func traces() throws {
        var book = Self.book([Self.item("JAR", 5)])
        for trace in ["one", "two"] {
            _ = try book.apply(.reserve(Self.order(), [StockLine(sku: "JAR", quantity: 1)]), traceparent: trace)
        }
        #expect(book.messages.map(\.traceparent) == ["one", "two"])
    }

    @Test("low stock is told once a crossing, and again after a recovery")
    func crossing() throws {
        var book = Self.book([Self.item("JAR", 6, threshold: 3)])
        let orders = (0..<3).map { _ in Self.order() }
        func alerts() -> [Int] {
            book.messages.compactMap { if case .lowStock(let alert) = $0.message { alert.available } else { nil } }
        }
        _ = try book.apply(.reserve(orders[0], [StockLine(sku: "JAR", quantity: 3)]))
        #expect(alerts() == [])
        _ = try book.apply(.reserve(orders[1], [StockLine(sku: "JAR", quantity: 1)]))
        _ = try book.apply(.reserve(orders[2], [StockLine(sku: "JAR", quantity: 1)]))
        #expect(alerts() == [2])
        _ = try book.apply(.commit(orders[0]))
        #expect(alerts() == [2])
        _ = try book.apply(.release(orders[1], .failed))
        _ = try book.apply(.release(orders[2], .failed))
        #expect(book.shelf["JAR"]?.isLowStockAlerted == false)
        try book.adjust("JAR", by: -1, reason: "broken", reference: UUID())
        #expect(alerts() == [2, 2])
    }

    @Test("a hold is extended up to its bound, never shortened")
    func extends() throws {
        let order = Self.order()
        let start = Self.now
        func loaded(at now: Date, expiresAt: Date) -> StockBook {
            let reservation = Reservation(
                id: UUID(), orderID: order.orderID, sagaID: order.sagaID, attempt: 1, status: .active,
                ttl: .seconds(900), expiresAt: expiresAt, holdUntil: start + .seconds(3600), createdAt: start,
                lines: [StockLine(sku: "JAR", quantity: 1)])
            return StockBook(
                now: now, policy: Self.policy, shelf: [Self.item("JAR", 1)],
                orders: [OrderHolds(order: order, reservations: [reservation])])
        }
        func extended(at seconds: Int, from expiry: Int) throws -> (StockOutcome, TimeInterval?) {
            var book = loaded(at: start + .seconds(seconds), expiresAt: start + .seconds(expiry))
            let outcome = try book.apply(.extend(orderID: order.orderID))
            return (outcome, book.orders[order.orderID]?.latest?.expiresAt.timeIntervalSince(start))
        }
        #expect(try extended(at: 600, from: 900) == (.applied, 1500))
        #expect(try extended(at: 3000, from: 3100) == (.applied, 3600))
        #expect(try extended(at: 3300, from: 3600) == (.ignored("held as long as may be"), 3600))
        #expect(try extended(at: 10, from: 2000) == (.ignored("held as long as may be"), 2000))
    }

    @Test("random commands never oversell, and the ledger always explains the shelf", arguments: 1...20)
    func randomCommands(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let skus = ["A", "B", "C", "D"]
        var book = Self.book(skus.map { Self.item($0, Int.random(in: 0...6, using: &random), threshold: 2) })
        let start = book.shelf
        let orders = (0..<12).map { _ in Self.order() }
        for _ in 0..<400 {
            guard let order = orders.randomElement(using: &random) else { continue }
            let lines = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                StockLine(
                    sku: skus.randomElement(using: &random) ?? "A", quantity: Int.random(in: 1...2, using: &random))
            }
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: _ = try book.apply(.reserve(order, lines))
            case 2: _ = try book.apply(.reserveAgain(order, lines))
            case 3: _ = try? book.apply(.commit(order))
            case 4: _ = try book.apply(.release(order, .cancelled))
            default:
                let sku = skus.randomElement(using: &random) ?? "A"
                try? book.adjust(sku, by: Int.random(in: -2...3, using: &random), reason: "count", reference: UUID())
            }
            for sku in skus {
                guard let item = book.shelf[sku], let first = start[sku] else { continue }
                #expect(0 <= item.reserved && item.reserved <= item.onHand)
                let entries = book.entries.filter { $0.sku == sku }
                #expect(first.onHand + entries.map(\.deltaOnHand).reduce(0, +) == item.onHand)
                var held = 0
                for reservation in book.orders.values.flatMap(\.reservations) where reservation.status == .active {
                    for line in reservation.lines where line.sku == sku { held += line.quantity }
                }
                #expect(held == item.reserved)
            }
        }
    }
}
