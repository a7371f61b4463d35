import Contracts
import Foundation
import Outbox
import Postgres

/// Loads a ``StockBook`` under its locks in one round trip, and writes what has changed with the transaction's COMMIT.
struct StockBookStore: Sendable {
    static let expiryKind = "reservation.expire"

    let policy: HoldPolicy
    let outbox: OutboxWriter
    let jobs: JobQueue
    let metrics: InventoryMetrics

    /// What an expiry job carries.
    struct ExpiryPayload: Codable, Sendable {
        let orderId: UUID
        let reservationId: UUID
    }

    // MARK: Loading

    /// Locks and loads all that the commands can touch.
    func load(
        for commands: [StockCommand], in transaction: PostgresTransaction
    ) async throws -> StockBook {
        try await load(
            orders: commands.map(\.orderID), opening: commands.compactMap(\.mayOpen), skus: commands.flatMap(\.skus),
            in: transaction)
    }

    /// - Parameters:
    ///   - orders: what is known of them is loaded, with the stock that their reservations hold.
    ///   - opening: of these, those that this may be the first to hear of.
    ///   - skus: further stock.
    ///   - actor: who does it, for the ledger.
    func load(
        orders: [UUID] = [], opening: [OrderReference] = [], skus: [String] = [], actor: String = "system",
        in transaction: PostgresTransaction
    ) async throws -> StockBook {
        let orders = Array(Set(orders))
        if !opening.isEmpty {
            transaction.enqueue(
                StockBookSQL.openOrders.bind(opening.map(\.orderID), opening.map(\.sagaID)))
        }
        let results = try await transaction.pipeline([
            StockBookSQL.lockOrders.bind(orders),
            // The orders' locks guard them; stock, for which others wait, is locked as late as may be.
            StockBookSQL.reservations.bind(orders),
            StockBookSQL.lockStock.bind(Array(Set(skus)), orders),
            StockBookSQL.clock.bind(),
        ])
        guard let now = try results[3].first?.get(0, as: Date.self) else {
            throw PostgresError(.protocolViolation, "the clock gave no row")
        }
        let reservations = Dictionary(grouping: try results[1].map(reservation), by: \.orderID)
        return StockBook(
            now: now, policy: policy, actor: actor, shelf: try results[2].map(item),
            orders: try results[0].map { row in
                let (id, saga, release, cameLate, isClosed) = try row.decode(
                    UUID.self, UUID.self, ReleaseReason?.self, Bool.self, Bool.self)
                return OrderHolds(
                    order: OrderReference(orderID: id, sagaID: saga), release: release, cameLate: cameLate,
                    isClosed: isClosed, reservations: reservations[id] ?? [])
            })
    }

    private func item(_ row: PostgresRow) throws -> ShelfItem {
        let (sku, onHand, reserved, threshold, alerted, artisan, active, ttl) = try row.decode(
            String.self, Int.self, Int.self, Int.self, Bool.self, String.self, Bool.self, Int64?.self)
        return ShelfItem(
            sku: sku, artisanID: artisan, isActive: active, ttl: ttl.map { .microseconds($0) }, onHand: onHand,
            reserved: reserved, lowStockThreshold: threshold, isLowStockAlerted: alerted)
    }

    private func reservation(_ row: PostgresRow) throws -> Reservation {
        try Reservation(row)
    }

    // MARK: Writing

    /// Sends what has changed together with COMMIT, the events last of all.
    func save(_ book: StockBook, in transaction: PostgresTransaction) throws {
        let changes = book.changes
        for statement in try statements(changes, entries: book.entries) { transaction.enqueue(statement) }
        outbox.append(
            try book.messages.map { try Self.event($0.message, traceparent: $0.traceparent) }, in: transaction)
        // The runners look again twice a second; only what is due sooner has to wake them.
        let isUrgent = changes.jobs.contains { $0.runAt < book.now + .seconds(1) }
        transaction.afterCommit { [metrics, jobs] in
            metrics.record(book, changes)
            if isUrgent { jobs.notify(Self.expiryKind) }
        }
    }

    private func statements(_ changes: StockChanges, entries: [LedgerEntry]) throws -> [BoundStatement] {
        var statements: [BoundStatement] = []
        let items = changes.items
        if !items.isEmpty {
            statements.append(
                StockBookSQL.updateStock.bind(
                    items.map(\.sku), items.map(\.deltaOnHand), items.map(\.deltaReserved),
                    items.map(\.lowStockThreshold), items.map(\.isLowStockAlerted)))
        }
        // Before the new ones: an order has one active reservation at any moment.
        let changed = changes.changedReservations
        if !changed.isEmpty {
            statements.append(
                StockBookSQL.updateReservations.bind(
                    changed.map(\.id), changed.map(\.status), changed.map(\.expiresAt),
                    changed.map { Int32($0.extensions) }, changed.map(\.endedAt), changed.map(\.reason)))
        }
        let new = changes.newReservations
        if !new.isEmpty {
            statements.append(
                StockBookSQL.insertReservations.bind(
                    new.map(\.id), new.map(\.orderID), new.map(\.sagaID), new.map { Int32($0.attempt) },
                    new.map(\.status), new.map(\.ttl.wholeMicroseconds), new.map(\.expiresAt), new.map(\.holdUntil),
                    new.map { Int32($0.extensions) }, new.map(\.createdAt), new.map(\.endedAt), new.map(\.reason)))
            let lines = new.flatMap { reservation in reservation.lines.map { (reservation.id, $0) } }
            statements.append(
                StockBookSQL.insertLines.bind(lines.map(\.0), lines.map(\.1.sku), lines.map(\.1.quantity)))
        }
        let orders = changes.orders
        if !orders.isEmpty {
            statements.append(
                StockBookSQL.updateOrders.bind(
                    orders.map(\.order.orderID), orders.map(\.release), orders.map(\.cameLate), orders.map(\.isClosed)))
        }
        if !entries.isEmpty {
            statements.append(
                StockBookSQL.appendLedger.bind(
                    entries.map(\.sku), entries.map(\.kind), entries.map(\.deltaOnHand), entries.map(\.deltaReserved),
                    entries.map(\.reason), entries.map(\.actor), entries.map(\.reference)))
        }
        return statements + (try jobStatements(changes))
    }

    private func jobStatements(_ changes: StockChanges) throws -> [BoundStatement] {
        var statements: [BoundStatement] = []
        if !changes.jobs.isEmpty {
            let payloads = try changes.jobs.map { job in
                let payload = ExpiryPayload(orderId: job.reservation.orderID, reservationId: job.reservation.id)
                return String(decoding: try ContractsJSON.encode(payload), as: UTF8.self)
            }
            statements.append(
                StockBookSQL.scheduleExpiry.bind(
                    Self.expiryKind, changes.jobs.map(\.key), changes.jobs.map(\.runAt), payloads))
        }
        if !changes.obsoleteJobKeys.isEmpty {
            statements.append(StockBookSQL.cancelExpiry.bind(Self.expiryKind, changes.obsoleteJobKeys))
        }
        return statements
    }

    static func event(_ message: StockMessage, traceparent: String?) throws -> OutboxEvent {
        func event(
            _ type: String, _ aggregate: String, _ id: String, _ data: some Encodable & Sendable
        ) throws -> OutboxEvent {
            try OutboxEvent(
                type: type, aggregateType: aggregate, aggregateID: id, source: InventoryService.source, data: data,
                traceparent: traceparent)
        }
        return switch message {
        case .reserved(let data): try event(EventType.inventoryReserved, "order", data.orderId.lowercased, data)
        case .outOfStock(let data): try event(EventType.inventoryOutOfStock, "order", data.orderId.lowercased, data)
        case .released(let data): try event(EventType.inventoryReleased, "order", data.orderId.lowercased, data)
        case .lowStock(let data): try event(EventType.inventoryLowStock, "product", data.sku, data)
        }
    }
}

extension Reservation {
    /// A row of ``StockBookSQL/reservations`` or ``ReservationSQL/find``.
    init(_ row: PostgresRow) throws {
        let (
            id, order, saga, attempt, status, ttl, expiresAt, holdUntil, extensions, createdAt, endedAt, reason, skus,
            quantities
        ) = try row.decode(
            UUID.self, UUID.self, UUID.self, Int32.self, ReservationStatus.self, Int64.self, Date.self, Date.self,
            Int32.self, Date.self, Date?.self, String?.self, [String].self, [Int].self)
        self.init(
            id: id, orderID: order, sagaID: saga, attempt: Int(attempt), status: status, ttl: .microseconds(ttl),
            expiresAt: expiresAt, holdUntil: holdUntil, extensions: Int(extensions), createdAt: createdAt,
            endedAt: endedAt, reason: reason,
            lines: zip(skus, quantities).map { StockLine(sku: $0, quantity: $1) })
    }
}
