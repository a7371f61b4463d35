import Foundation

extension StockBook {
    /// The difference to what was loaded, in an order that does not depend on chance.
    var changes: StockChanges {
        var changes = StockChanges()
        for item in shelf.values.sorted(by: { $0.sku < $1.sku }) {
            guard let before = loadedShelf[item.sku], before != item else { continue }
            changes.items.append(
                StockChanges.Item(
                    sku: item.sku, deltaOnHand: item.onHand - before.onHand,
                    deltaReserved: item.reserved - before.reserved, lowStockThreshold: item.lowStockThreshold,
                    isLowStockAlerted: item.isLowStockAlerted))
        }
        for id in touchedOrders {
            let before = loadedOrders[id]
            guard let holds = orders[id], before != holds else { continue }
            if before?.release != holds.release || (before?.cameLate ?? false) != holds.cameLate
                || (before?.isClosed ?? false) != holds.isClosed
            {
                changes.orders.append(holds)
            }
            for (index, reservation) in holds.reservations.enumerated() {
                let known = before.flatMap { index < $0.reservations.count ? $0.reservations[index] : nil }
                changes.note(reservation, before: known)
            }
        }
        return changes
    }
}

extension StockChanges {
    fileprivate mutating func note(_ reservation: Reservation, before: Reservation?) {
        guard reservation != before else { return }
        if before == nil { newReservations.append(reservation) } else { changedReservations.append(reservation) }
        if reservation.status == .active {
            jobs.append(
                ExpiryJob(key: reservation.expiryJobKey, runAt: reservation.expiresAt, reservation: reservation))
        }
        // The job that expired it is ended by its runner.
        if let before, reservation.status != .expired { obsoleteJobKeys.append(before.expiryJobKey) }
    }
}
