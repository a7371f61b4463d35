import Foundation
import Postgres

/// Places the orders of a plan and sees how each ends.
struct LoadRun: Sendable {
    let plan: LoadPlan
    let pace: LoadPace
    let shop: LoadShop
    /// Of the order service's database.
    let pool: PostgresPool
    /// How long after the last order was placed all have to have ended.
    let timeout: Duration
    /// Told from time to time: how many were placed, and how many have ended.
    var progress: @Sendable (_ placed: Int, _ ended: Int) -> Void = { _, _ in }

    /// Between two looks for orders that have ended; the ends are timed by the database.
    private static let watchPause = Duration.milliseconds(400)
    private static let tries = 5

    func run() async throws -> LoadResult {
        let record = LoadRecord(plan.orders.count)
        let offset = try await clockOffset()
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await place(record, began: began) }
            group.addTask { try await watch(record) }
            try await group.waitForAll()
        }
        return LoadResult(
            orders: record.orders, planned: plan.orders.count, clockOffset: offset,
            seconds: (ContinuousClock.now - began) / .seconds(1))
    }

    /// What the orders are now: an order that had ended may have been changed by what came later.
    func review(_ result: LoadResult) async throws -> LoadResult {
        let record = LoadRecord(result.orders.count)
        for order in result.orders { if let index = record.takeNext() { record.note(order, at: index) } }
        try await look(for: record.accepted, record)
        var result = result
        result.orders = record.orders
        return result
    }

    // MARK: Placing

    private func place(_ record: LoadRecord, began: ContinuousClock.Instant) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<min(pace.connections, plan.orders.count) {
                group.addTask {
                    while let index = record.takeNext() {
                        try await Task.sleep(until: began + pace.start(of: index), clock: .continuous)
                        try await placeOne(index, record)
                    }
                }
            }
        }
    }

    private func placeOne(_ index: Int, _ record: LoadRecord) async throws {
        let planned = plan.orders[index]
        let key = UUID().uuidString
        let start = ContinuousClock.now
        var order = LoadedOrder(outcome: planned.outcome, startedAt: Date())
        for attempt in 1...Self.tries {
            // Refused or unanswered: the same again, as any client would.
            order.orderID = try? await shop.place(planned, key: key)
            if order.orderID != nil { break }
            try Task.checkCancellation()
            order.failedTries = attempt
            try await Task.sleep(for: .milliseconds(100 * attempt))
        }
        if order.orderID != nil { order.postMilliseconds = (ContinuousClock.now - start) / .milliseconds(1) }
        record.note(order, at: index)
        guard let id = order.orderID else { return }
        // An order that ended before it could be cancelled shows at the end.
        if planned.outcome == .cancelled { _ = try? await shop.cancel(id) }
        if pace.isClosed, plan.orders.count > pace.connections { try? await shop.untilEnd(of: id) }
        try Task.checkCancellation()
    }

    // MARK: Watching

    private func watch(_ record: LoadRecord) async throws {
        var end: ContinuousClock.Instant?
        while true {
            let isPlaced = record.orders.count == plan.orders.count
            let open = record.open
            progress(record.orders.count, record.accepted.count - open.count)
            try await look(for: open, record)
            if isPlaced, record.open.isEmpty { return }
            if isPlaced {
                let last = end ?? ContinuousClock.now + timeout
                end = last
                if ContinuousClock.now >= last { return }
            }
            try await Task.sleep(for: Self.watchPause)
        }
    }

    private func look(for ids: [UUID], _ record: LoadRecord) async throws {
        var rest = ids[...]
        while !rest.isEmpty {
            let page = Array(rest.prefix(2_000))
            rest = rest.dropFirst(page.count)
            for row in try await pool.query(LoadSQL.ended, page) {
                let (id, status, reason, date) = try row.decode(UUID.self, String.self, String?.self, Date?.self)
                record.noteEnd(of: id, status: status, reason: reason, at: date)
            }
        }
    }

    /// How far the database's clock is ahead of this process's, in seconds: the best of some looks.
    private func clockOffset() async throws -> Double {
        var best: (roundTrip: Double, offset: Double)?
        for _ in 0..<5 {
            let before = Date()
            guard let theirs = try await pool.query(LoadSQL.clock).first?.get(0, as: Date.self) else { continue }
            let roundTrip = Date().timeIntervalSince(before)
            if roundTrip < best?.roundTrip ?? .infinity {
                best = (roundTrip, theirs.timeIntervalSince(before) - roundTrip / 2)
            }
        }
        return best?.offset ?? 0
    }
}
