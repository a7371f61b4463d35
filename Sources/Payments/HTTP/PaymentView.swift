import Contracts
import Foundation
import Hummingbird
import Postgres

/// A payment as customers and operators see it.
struct PaymentView: Encodable, Sendable, ResponseEncodable {
    let id: UUID
    let orderId: UUID
    let status: PaymentStatus
    /// Absent until the order is known here.
    let amount: Money?
    let paymentIntentId: String?
    /// The PaymentIntent's own status.
    let stripeStatus: String?
    /// Whether the customer can pay now, with a client secret.
    let payable: Bool
    /// Tries that were declined.
    let attempts: Int
    let lastErrorCode: String?
    let received: Money?
    let refunded: Money?
    let reservationExpiresAt: Date?
    let cancelReason: String?
    /// Why a person has to look at it; for operators.
    var alert: String?
    let createdAt: Date
    let updatedAt: Date

    /// Whose it is; nil until the order is known here. Not shown.
    let owner: String?

    private enum CodingKeys: String, CodingKey {
        case id, orderId, status, amount, paymentIntentId, stripeStatus, payable, attempts, lastErrorCode, received
        case refunded, reservationExpiresAt, cancelReason, alert, createdAt, updatedAt
    }

    init(_ row: PostgresRow) throws {
        id = try row.get(0)
        orderId = try row.get(1)
        owner = try row.get(2)
        let amount = try row.get(3, as: Int64?.self)
        let currency = try row.get(4, as: String?.self)
        func money(_ value: Int64?) -> Money? {
            guard let value, let currency else { return nil }
            return Money(amount: value, currency: currency)
        }
        self.amount = money(amount)
        status = try row.get(6)
        reservationExpiresAt = try row.get(7)
        paymentIntentId = try row.get(8)
        stripeStatus = try row.get(9)
        attempts = Int(try row.get(10, as: Int32.self))
        lastErrorCode = try row.get(11)
        received = money(try row.get(12, as: Int64.self))
        refunded = money(try row.get(13, as: Int64.self))
        cancelReason = try row.get(14)
        alert = try row.get(15)
        createdAt = try row.get(16)
        updatedAt = try row.get(17)
        payable = status == .pending && cancelReason == nil && paymentIntentId != nil
    }
}
