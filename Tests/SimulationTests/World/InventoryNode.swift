import Contracts
import Foundation
import Outbox

@testable import Inventory

/// The inventory service's database.
struct InventoryNode: Sendable {
    let policy: HoldPolicy
    private(set) var shelf: [ShelfItem]
    private(set) var holds: [UUID: OrderHolds] = [:]
    private(set) var jobs: [StockChanges.ExpiryJob] = []
    private(set) var ledger: [OutboxEvent] = []
    /// Orders of whose end it has heard, and for which no money came late: nothing is held for them any more.
    private(set) var over: Set<UUID> = []
    /// Orders that are cancelled for good: nothing is held or sold for them, whatever comes late.
    private(set) var closed: Set<UUID> = []
    private var late: Set<UUID> = []
    /// How many pieces operators have put on the shelf, less those that they took off, by SKU.
    private(set) var adjusted: [String: Int] = [:]
    /// Breaks the rule that it keeps in mind what has been released, so that an order that comes after it is not reserved.
    var forgetsReleases = false
    /// Breaks the rule that it keeps in mind what is cancelled for good.
    var forgetsCancellations = false

    init(policy: HoldPolicy, shelf: [ShelfItem]) {
        self.policy = policy
        self.shelf = shelf
    }

    mutating func take(_ events: [InboundEvent], at now: Date) throws {
        var commands: [StockCommand] = []
        for event in events {
            switch try StockEventHandler.decision(for: event) {
            case .command(let command): commands.append(command)
            case .none(.parked(let reason)): throw Surprise(what: "inventory parks an event: \(reason)")
            case .none: break
            }
        }
        try apply(commands, at: now)
        for command in commands { note(command) }
    }

    private mutating func note(_ command: StockCommand) {
        switch command {
        case .release(let order, _): if !late.contains(order.orderID) { over.insert(order.orderID) }
        case .close(let order): closed.insert(order.orderID)
        case .reserveAgain(let order, _):
            late.insert(order.orderID)
            over.remove(order.orderID)
        case .reserve, .commit, .expire, .extend: break
        }
    }

    mutating func runExpiry(_ index: Int, at now: Date) throws {
        let job = jobs.remove(at: index)
        try apply([.expire(orderID: job.reservation.orderID, reservationID: job.reservation.id)], at: now)
    }

    /// An operator puts pieces on the shelf, or takes some off of those that are not held.
    /// - Returns: false when that many are held.
    mutating func adjust(_ sku: String, by delta: Int, at now: Date) throws -> Bool {
        let reference = UUID.simulated(6, ledger.count)
        do {
            try change(at: now) { try $0.adjust(sku, by: delta, reason: "counted", reference: reference) }
        } catch is StockBookError {
            return false
        }
        adjusted[sku, default: 0] += delta
        return true
    }

    private mutating func apply(_ commands: [StockCommand], at now: Date) throws {
        try change(at: now) { book in
            for command in commands { _ = try book.apply(command) }
        }
    }

    private mutating func change(at now: Date, _ body: (inout StockBook) throws -> Void) throws {
        var book = StockBook(now: now, policy: policy, shelf: shelf, orders: Array(holds.values))
        try body(&book)
        shelf = shelf.map { book.shelf[$0.sku] ?? $0 }
        holds = book.orders
        for id in holds.keys {
            if forgetsReleases { holds[id]?.release = nil }
            if forgetsCancellations { holds[id]?.isClosed = false }
        }
        let changes = book.changes
        jobs.removeAll { job in
            changes.obsoleteJobKeys.contains(job.key) || changes.jobs.contains { $0.key == job.key }
        }
        jobs += changes.jobs
        ledger += try book.messages.map { try StockBookStore.event($0.message, traceparent: nil) }
    }

    /// Pieces that are the customer's.
    func sold(_ sku: String) -> Int {
        holds.values.compactMap(\.committed).flatMap(\.lines).filter { $0.sku == sku }.reduce(0) { $0 + $1.quantity }
    }

    /// Pieces that are held.
    func held(_ sku: String) -> Int {
        holds.values.compactMap { holds in holds.active.map { holds.reservations[$0] } }.flatMap(\.lines)
            .filter { $0.sku == sku }.reduce(0) { $0 + $1.quantity }
    }
}
