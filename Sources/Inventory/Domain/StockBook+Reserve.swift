import Contracts
import Foundation
import Outbox

extension StockBook {
    mutating func reserve(_ order: OrderReference, _ lines: [StockLine]) throws -> StockOutcome {
        var holds = orders[order.orderID] ?? OrderHolds(order: order)
        if let latest = holds.latest {
            // Asked again under a new event id: the asker has not heard the answer.
            guard latest.status == .active || latest.status == .committed else {
                return .ignored("its reservation has ended")
            }
            sayReserved(latest)
            return .applied
        }
        if holds.release != nil {
            holds.cameLate = true
            keep(holds)
            return .ignored("released before it was reserved")
        }
        take(try lines.summed(), for: order)
        return .applied
    }

    mutating func reserveAgain(_ order: OrderReference, _ lines: [StockLine]) throws -> StockOutcome {
        // The cancellation has overtaken it: nobody would sell what is held, nor give it back before its time.
        if orders[order.orderID]?.isClosed == true { return .ignored("the order was cancelled") }
        let holds = orders[order.orderID]
        if let held = holds?.committed ?? holds?.active.flatMap({ holds?.reservations[$0] }) {
            sayReserved(held)
            return .applied
        }
        take(try lines.summed(), for: order, attemptAtLeast: 2)
        return .applied
    }

    /// Holds all lines, or none and says what is missing.
    mutating func take(_ lines: [StockLine], for order: OrderReference, attemptAtLeast attempt: Int = 1) {
        guard !sayShortages(lines, of: order) else { return }
        let ttl = lines.compactMap { shelf[$0.sku]?.ttl ?? policy.ttl }.min() ?? policy.ttl
        var holds = orders[order.orderID] ?? OrderHolds(order: order)
        let reservation = Reservation(
            id: makeID().following(holds.greatestID), orderID: order.orderID, sagaID: order.sagaID,
            attempt: max(attempt, holds.nextAttempt), status: .active, ttl: ttl, expiresAt: now + ttl,
            holdUntil: now + max(ttl, policy.maxHold), createdAt: now, lines: lines)
        holds.reservations.append(reservation)
        keep(holds)
        for line in lines {
            move(line.sku, reserved: line.quantity, as: .reserved, reason: "order", reference: reservation.id)
        }
        sayReserved(reservation)
    }

    /// - Returns: whether anything was short.
    mutating func sayShortages(_ lines: [StockLine], of order: OrderReference) -> Bool {
        let shortages = lines.compactMap { line in
            let available = available(line.sku)
            return available < line.quantity
                ? Shortage(sku: line.sku, requested: line.quantity, available: available) : nil
        }
        guard !shortages.isEmpty else { return false }
        say(.outOfStock(InventoryOutOfStock(orderId: order.orderID, sagaId: order.sagaID, shortages: shortages)))
        return true
    }

    /// Of an unknown or withdrawn product nothing can be had.
    func available(_ sku: String) -> Int {
        guard let item = shelf[sku], item.isActive else { return 0 }
        return item.available
    }

    // MARK: Selling

    mutating func commit(_ order: OrderReference) throws -> StockOutcome {
        if orders[order.orderID]?.isClosed == true { return .ignored("the order was cancelled") }
        guard var holds = orders[order.orderID], let latest = holds.latest else {
            throw StockBookError.confirmedWithoutReservation(order.orderID)
        }
        guard holds.committed == nil else { return .ignored("committed before") }
        if let index = holds.active {
            holds.reservations[index].end(.committed, reason: "confirmed", at: now)
            let reservation = holds.reservations[index]
            keep(holds)
            for line in reservation.lines {
                move(
                    line.sku, onHand: -line.quantity, reserved: -line.quantity, as: .committed, reason: "confirmed",
                    reference: reservation.id)
            }
            return .applied
        }
        // The hold ended before the confirmation came: what is on the shelf may still do.
        guard !sayShortages(latest.lines, of: order) else { return .applied }
        var again = Reservation(
            id: makeID().following(holds.greatestID), orderID: order.orderID, sagaID: order.sagaID,
            attempt: holds.nextAttempt, status: .active, ttl: latest.ttl, expiresAt: now, holdUntil: now,
            createdAt: now, lines: latest.lines)
        again.end(.committed, reason: "confirmed", at: now)
        holds.reservations.append(again)
        keep(holds)
        for line in again.lines {
            move(line.sku, onHand: -line.quantity, as: .committed, reason: "confirmed", reference: again.id)
        }
        return .applied
    }
}
