import Contracts
import Foundation
import Outbox

extension StockBook {
    /// Always answered, because the saga waits for the answer: with no lines when there was nothing to release.
    mutating func release(_ order: OrderReference, _ reason: ReleaseReason) -> StockOutcome {
        var holds = orders[order.orderID] ?? OrderHolds(order: order)
        if holds.release == nil { holds.release = reason }
        keep(holds)
        if let index = holds.active {
            giveBack(index, of: order.orderID, as: .released, reason: reason)
        } else {
            say(
                .released(
                    InventoryReleased(
                        orderId: order.orderID, sagaId: order.sagaID, reservationId: holds.latest?.id,
                        reason: reason.rawValue, lines: [])))
        }
        return .applied
    }

    /// As ``release(_:_:)``, for good: what was sold goes back on the shelf, and a confirmation that this has overtaken
    /// sells nothing any more.
    mutating func close(_ order: OrderReference) -> StockOutcome {
        var holds = orders[order.orderID] ?? OrderHolds(order: order)
        holds.isClosed = true
        if holds.sold != nil, holds.release == nil { holds.release = .cancelled }
        keep(holds)
        guard let sold = holds.sold else { return release(order, .cancelled) }
        giveBack(sold, of: order.orderID, as: .released, reason: .cancelled)
        return .applied
    }

    mutating func expire(_ reservationID: UUID, of orderID: UUID) -> StockOutcome {
        guard let holds = orders[orderID], let index = holds.active, holds.reservations[index].id == reservationID
        else { return .ignored("ended before") }
        guard holds.reservations[index].expiresAt <= now else { return .ignored("held for longer") }
        giveBack(index, of: orderID, as: .expired, reason: .expired)
        return .applied
    }

    mutating func giveBack(
        _ index: Int, of orderID: UUID, as status: ReservationStatus, reason: ReleaseReason
    ) {
        guard var holds = orders[orderID] else { return }
        let wasSold = holds.reservations[index].status == .committed
        holds.reservations[index].end(status, reason: reason.rawValue, at: now)
        let reservation = holds.reservations[index]
        keep(holds)
        for line in reservation.lines {
            if wasSold {
                move(
                    line.sku, onHand: line.quantity, as: .returned, reason: reason.rawValue,
                    reference: reservation.id)
            } else {
                move(
                    line.sku, reserved: -line.quantity, as: status == .expired ? .expired : .released,
                    reason: reason.rawValue, reference: reservation.id)
            }
        }
        say(
            .released(
                InventoryReleased(
                    orderId: orderID, sagaId: reservation.sagaID, reservationId: reservation.id,
                    reason: reason.rawValue, lines: reservation.lines)))
    }

    func policyTTL(of orderID: UUID) -> Duration {
        orders[orderID].flatMap { holds in holds.active.map { holds.reservations[$0].ttl } } ?? policy.ttl
    }

    /// Moves the end of the active hold; never to an earlier time, never past its bound. The answer tells the saga.
    mutating func extend(_ orderID: UUID, to time: Date) -> StockOutcome {
        guard var holds = orders[orderID], let index = holds.active else { return .ignored("nothing is held") }
        let until = min(time, holds.reservations[index].holdUntil)
        guard until > holds.reservations[index].expiresAt else { return .ignored("held as long as may be") }
        holds.reservations[index].expiresAt = until
        holds.reservations[index].extensions += 1
        keep(holds)
        sayReserved(holds.reservations[index])
        return .applied
    }
}
