import Contracts
import Foundation
import ServiceRuntime

/// A reservation as operators see it.
struct ReservationView: Codable, Sendable, Hashable {
    let id: UUID
    let orderId: UUID
    let sagaId: UUID
    let attempt: Int
    let status: String
    let lines: [StockLine]
    let createdAt: Date
    let expiresAt: Date
    /// No extension goes past it.
    let holdUntil: Date
    let extensions: Int
    let endedAt: Date?
    let reason: String?

    /// Whatever changes of a reservation changes one of these.
    var tag: ETag { ETag("\(status)-\(extensions)") }

    init(_ reservation: Reservation) {
        id = reservation.id
        orderId = reservation.orderID
        sagaId = reservation.sagaID
        attempt = reservation.attempt
        status = reservation.status.rawValue
        lines = reservation.lines
        createdAt = reservation.createdAt
        expiresAt = reservation.expiresAt
        holdUntil = reservation.holdUntil
        extensions = reservation.extensions
        endedAt = reservation.endedAt
        reason = reservation.reason
    }
}

/// The body of `POST /reservations/{id}/extend`.
struct ExtensionBody: Decodable, Sendable {
    /// From now.
    let seconds: Int
}
