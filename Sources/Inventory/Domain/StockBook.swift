import Contracts
import Foundation
import Outbox

/// Stock and reservations as they were loaded, under their locks, and every rule of how they may change.
///
/// Commands are applied one after the other in memory, so that of several orders in one batch the earlier one gets the
/// last piece; what has changed is then written at once. Pure: no clock but the time it was loaded at, no database.
struct StockBook: Sendable {
    /// The database's clock once everything was locked.
    let now: Date
    /// The same moment by this process's clock: what is measured from it holds the wait for COMMIT too.
    let loadedAt: ContinuousClock.Instant
    let policy: HoldPolicy
    /// Who does it, for the ledger.
    let actor: String
    /// By SKU. A SKU that is not here is not in the catalogue.
    private(set) var shelf: [String: ShelfItem]
    private(set) var orders: [UUID: OrderHolds]
    /// The orders that were written to, in the order of the first time.
    private(set) var touchedOrders: [UUID] = []
    private var isTouched: Set<UUID> = []
    private(set) var entries: [LedgerEntry] = []
    /// With the trace of what caused each.
    private(set) var messages: [(message: StockMessage, traceparent: String?)] = []

    let loadedShelf: [String: ShelfItem]
    let loadedOrders: [UUID: OrderHolds]
    let makeID: @Sendable () -> UUID
    private var traceparent: String?

    init(
        now: Date, policy: HoldPolicy, actor: String = "system", shelf: [ShelfItem], orders: [OrderHolds],
        makeID: @escaping @Sendable () -> UUID = UUID.v7
    ) {
        self.now = now
        loadedAt = .now
        self.policy = policy
        self.actor = actor
        self.shelf = Dictionary(uniqueKeysWithValues: shelf.map { ($0.sku, $0) })
        self.orders = Dictionary(uniqueKeysWithValues: orders.map { ($0.order.orderID, $0) })
        self.loadedShelf = self.shelf
        self.loadedOrders = self.orders
        self.makeID = makeID
    }

    /// Applies one command.
    /// - Parameter traceparent: the trace that its messages continue.
    /// - Throws: ``StockLinesError``, ``StockBookError``.
    mutating func apply(_ command: StockCommand, traceparent: String? = nil) throws -> StockOutcome {
        self.traceparent = traceparent
        defer { self.traceparent = nil }
        switch command {
        case .reserve(let order, let lines): return try reserve(order, lines)
        case .reserveAgain(let order, let lines): return try reserveAgain(order, lines)
        case .commit(let order): return try commit(order)
        case .release(let order, let reason): return release(order, reason)
        case .close(let order): return close(order)
        case .expire(let orderID, let reservationID): return expire(reservationID, of: orderID)
        case .extend(let orderID): return extend(orderID, to: now + policyTTL(of: orderID))
        }
    }

    // MARK: The one way in which numbers move

    mutating func move(
        _ sku: String, onHand: Int = 0, reserved: Int = 0, as kind: LedgerEntry.Kind, reason: String, reference: UUID
    ) {
        shelf[sku]?.onHand += onHand
        shelf[sku]?.reserved += reserved
        entries.append(
            LedgerEntry(
                sku: sku, kind: kind, deltaOnHand: onHand, deltaReserved: reserved, reason: reason, actor: actor,
                reference: reference.lowercased))
        checkLowStock(sku)
    }

    /// Once a crossing: again only after it has recovered.
    mutating func checkLowStock(_ sku: String) {
        guard let item = shelf[sku] else { return }
        let isLow = item.available < item.lowStockThreshold
        if isLow && !item.isLowStockAlerted {
            say(
                .lowStock(
                    InventoryLowStock(
                        sku: sku, artisanId: item.artisanID, available: item.available,
                        threshold: item.lowStockThreshold)))
        }
        shelf[sku]?.isLowStockAlerted = isLow
    }

    /// What is now known of an order.
    mutating func keep(_ holds: OrderHolds) {
        let id = holds.order.orderID
        if isTouched.insert(id).inserted { touchedOrders.append(id) }
        orders[id] = holds
    }

    mutating func setThreshold(_ threshold: Int, of sku: String) {
        shelf[sku]?.lowStockThreshold = threshold
        checkLowStock(sku)
    }

    mutating func sayReserved(_ reservation: Reservation) {
        say(
            .reserved(
                InventoryReserved(
                    orderId: reservation.orderID, sagaId: reservation.sagaID, reservationId: reservation.id,
                    lines: reservation.lines, expiresAt: reservation.expiresAt)))
    }

    mutating func say(_ message: StockMessage) {
        messages.append((message, traceparent))
    }
}
