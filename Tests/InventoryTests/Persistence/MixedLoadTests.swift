import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Inventory

/// Everything that moves stock, all at once.
@Suite("Mixed load", .serialized)
struct MixedLoadTests {
    private static let skus = (0..<6).map { "SKU-\($0)" }
    private static let stock = 40

    @Test(
        "baskets, sales, cancellations, expiry, adjustments and imports on 64 connections, some killed: every piece is accounted for"
    )
    func everything() async throws {
        let http = try await HTTPSetting(
            InventoryConfiguration(reservationTTL: .milliseconds(400), maxHold: .seconds(2)), connections: 64)
        let setting = http.setting
        for sku in Self.skus { try await setting.product(sku, stock: Self.stock, threshold: 10, artisan: "ana") }
        let killer = setting.database.pool(size: 1)
        try await http.run { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let runner = JobRunner(
                    setting.service.jobs, queue: setting.environment.jobs, pool: setting.pool,
                    poll: .milliseconds(20), logger: setting.environment.logger)
                group.addTask { try await runner.run() }
                try await withThrowingTaskGroup(of: Void.self) { work in
                    for number in 0..<240 { work.addTask { try await Self.order(number, in: setting) } }
                    for number in 0..<48 { work.addTask { try await Self.adjust(number, on: client) } }
                    for number in 0..<12 { work.addTask { try await Self.importShop(number, on: client) } }
                    // A fault for each piece of work that gets done: however slow the machine is, the work gets on.
                    for try await _ in work { try await killer.killAnother() }
                }
                try await eventually("nothing is held", within: .seconds(60)) {
                    try await setting.count("select count(*) from reservation where status = 'active'") == 0
                }
                group.cancelAll()
            }
        }
        let after = Setting(setting.database)
        for sku in Self.skus {
            let sold = try await after.count(
                """
                select coalesce(sum(l.quantity), 0)::bigint from reservation r
                join reservation_line l on l.reservation_id = r.id where r.status = 'committed' and l.sku = $1
                """, sku)
            // Each key has adjusted once, however often it was sent: of four adjustments of a product three add a piece
            // and one takes one off, and each import adds one to all.
            let adjusted = 48 / 6 / 4 * (3 - 1) + 12
            #expect(try await after.stock(sku) == [Self.stock + adjusted - sold, 0], "\(sku), \(sold) sold")
        }
        #expect(try await after.drift() == 0)
        #expect(try await after.count("select count(*) from reservation_drift") == 0)
        #expect(try await after.count("select count(*) from reservation where status = 'committed'") > 0)
        #expect(try await after.count("select count(*) from reservation where status = 'expired'") > 0)
        // Also none that was hidden by trying again.
        #expect(
            try await after.count("select deadlocks from pg_stat_database where datname = current_database()") == 0)
    }

    // MARK: The work

    /// A basket, and what becomes of it.
    private static func order(_ number: Int, in setting: Setting) async throws {
        let lines = (0...number % 3).map { (line: Int) -> StockLine in
            StockLine(sku: skus[(number + line * 5) % 6], quantity: 1 + number % 2)
        }
        let order = TestOrder(lines: lines.shuffled())
        try await apply([try order.created()], in: setting)
        let isReserved = try await retrying { try await !setting.statuses(order).isEmpty }
        let ends: [InboundEvent] =
            switch number % 6 {
            case 0, 1: isReserved ? [try order.confirmed()] : [try order.failed()]
            case 2: isReserved ? [try order.confirmed(), try order.cancelled()] : [try order.cancelled()]
            case 3: [try order.failed(), try order.latePayment()]
            case 4: [try order.paymentPending()]
            // Nobody says anything: it expires.
            default: []
            }
        // Side by side, as they come from two streams, or from two workers.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for event in ends { group.addTask { try await apply([event], in: setting) } }
            try await group.waitForAll()
        }
    }

    /// As the runner does: what was interrupted is delivered again.
    private static func apply(_ events: [InboundEvent], in setting: Setting) async throws {
        try await retrying { try await setting.apply(batch: events) }
    }

    @discardableResult
    private static func retrying<Result>(_ work: () async throws -> Result) async throws -> Result {
        while true {
            do {
                return try await work()
            } catch let error as PostgresError {
                #expect(!error.isDeadlock)
                guard error.isTransient || error.code == .commitOutcomeUnknown else { throw error }
            }
        }
    }

    private static func adjust(_ number: Int, on client: HTTPClient) async throws {
        // Of four adjustments of a product one takes a piece off.
        let delta = number / 6 % 4 == 0 ? -1 : 1
        let sku = skus[number % 6]
        let status = try await send(on: client) {
            try await client.send(
                .post, "/products/\(sku)/stock/adjustments", as: .artisan("ana"),
                "{\"delta\": \(delta), \"reason\": \"counted\"}", headers: [.idempotencyKey: "a\(number)"])
        }
        #expect(status == 201)
    }

    private static func importShop(_ number: Int, on client: HTTPClient) async throws {
        let order = number.isMultiple(of: 2) ? skus : skus.reversed()
        let body =
            "sku,title,price,currency,version,lowStockThreshold,adjustStock\n"
            + order.map { "\($0),A piece,25,EUR,*,\(5 + number),1\n" }.joined()
        let status = try await send(on: client) {
            try await client.send(
                .post, "/shops/ana/products.csv", as: .artisan("ana"), body,
                headers: [.contentType: "text/csv", .idempotencyKey: "i\(number)"])
        }
        #expect(status == 200)
    }

    /// As a client does: again with the same key while the service cannot say what came of it, or has no piece to take.
    private static func send(
        on client: HTTPClient, _ request: () async throws -> HTTPClient.Answer
    ) async throws -> Int {
        while true {
            let answer = try await request()
            guard answer.status == 503 || ["idempotency_key_in_use", "stock_reserved"].contains(answer.code) else {
                return answer.status
            }
        }
    }
}
