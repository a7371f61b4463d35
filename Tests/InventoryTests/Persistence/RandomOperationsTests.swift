import Contracts
import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import Inventory

@Suite("Random operations")
struct RandomOperationsTests {
    @Test("after any history the counters, the reservations and the ledger agree", arguments: [1, 2, 3] as [UInt64])
    func noDrift(seed: UInt64) async throws {
        let setting = try await Setting()
        var random = SeededRandom(seed: seed)
        let skus = (0..<5).map { "SKU-\($0)" }
        for sku in skus {
            try await setting.product(sku, stock: Int.random(in: 1...12, using: &random), threshold: 3)
        }
        let orders = (0..<60).map { _ in
            let lines = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                let sku = skus.randomElement(using: &random) ?? skus[0]
                return StockLine(sku: sku, quantity: Int.random(in: 1...2, using: &random))
            }
            return TestOrder(lines: lines)
        }
        for _ in 0..<150 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                let sku = skus.randomElement(using: &random) ?? skus[0]
                try await adjust(sku, by: Int.random(in: -3...4, using: &random), in: setting)
            case 1:
                try await expireSome(in: setting)
            default:
                var batch: [InboundEvent] = []
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    guard let order = orders.randomElement(using: &random) else { continue }
                    batch.append(try await event(of: order, using: &random, in: setting))
                }
                try await setting.apply(batch: batch)
            }
        }
        #expect(try await setting.drift() == 0)
        #expect(try await setting.count("select count(*) from stock where reserved > on_hand or reserved < 0") == 0)
        // Each active hold has its job, and no other job is left.
        let missing = try await setting.count(
            """
            select count(*) from reservation r full join scheduled_job j
                on j.unique_key = case when r.extensions = 0 then r.id::text else r.id::text || '/' || r.extensions end
            where (r.status = 'active' and j.id is null) or (j.kind = 'reservation.expire' and r.status is distinct from 'active')
            """)
        #expect(missing == 0)
    }

    private func event(
        of order: TestOrder, using random: inout SeededRandom, in setting: Setting
    ) async throws -> InboundEvent {
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1, 2: return try order.created()
        case 3: return try order.cancelled()
        case 4: return try order.failed()
        case 5: return try order.latePayment()
        case 6: return try order.paymentPending()
        default:
            // Only what was reserved once is ever confirmed.
            let isKnown = try await !setting.statuses(order).isEmpty
            return isKnown ? try order.confirmed() : try order.created()
        }
    }

    private func adjust(_ sku: String, by delta: Int, in setting: Setting) async throws {
        guard delta != 0 else { return }
        do {
            try await setting.pool.withTransaction { transaction in
                _ = try await AdjustStock(store: setting.service.store).run(
                    sku, .init(delta: delta, reason: "count"), by: Setting.ops, in: transaction)
            }
        } catch {
            // Fewer would be left than are held: refused, and nothing has changed.
            #expect("\(error)".contains("stock_reserved"))
        }
    }

    /// Ends some holds as their jobs do.
    private func expireSome(in setting: Setting) async throws {
        let rows = try await setting.pool.query(
            """
            update reservation set expires_at = clock_timestamp()
            where id in (select id from reservation where status = 'active' order by id limit 3)
            returning order_id, id, case when extensions = 0 then id::text else id::text || '/' || extensions end
            """)
        let due = try rows.decode(UUID.self, UUID.self, String.self)
        try await setting.pool.withTransaction { transaction in
            let commands = due.map { StockCommand.expire(orderID: $0.0, reservationID: $0.1) }
            var book = try await setting.service.store.load(for: commands, in: transaction)
            for command in commands { _ = try book.apply(command) }
            try setting.service.store.save(book, in: transaction)
            transaction.enqueue(
                Statement("delete from scheduled_job where unique_key = any($1::text[])").bind(due.map(\.2)))
        }
    }
}
