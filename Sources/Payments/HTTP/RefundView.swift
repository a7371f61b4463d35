import Contracts
import Foundation
import Postgres

/// A refund as operators see it.
struct RefundView: Encodable, Sendable {
    let id: UUID
    let paymentId: UUID
    let amount: Money
    let reason: String
    let origin: RefundOrigin
    let status: RefundStatus
    let stripeRefundId: String?
    let failureCode: String?
    let requestedBy: String?
    let createdAt: Date?
    /// How a person dealt with its failure; absent when nobody has.
    private(set) var resolution: RefundResolution?
    private(set) var resolvedAt: Date?
    private(set) var resolvedBy: String?
    private(set) var resolutionNote: String?

    init(_ refund: Refund) {
        id = refund.id
        paymentId = refund.paymentID
        amount = refund.amount
        reason = refund.reason
        origin = refund.origin
        status = refund.status
        stripeRefundId = refund.stripeRefundID
        failureCode = refund.failureCode
        requestedBy = refund.requestedBy
        createdAt = refund.createdAt
    }

    /// A row of ``RefundSQL/listOfPayment``.
    init(row: PostgresRow) throws {
        self.init(try RefundStore.refund(row))
        resolution = try row.get(11)
        resolvedAt = try row.get(12)
        resolvedBy = try row.get(13)
        resolutionNote = try row.get(14)
    }
}

/// A refund that failed and that nobody has dealt with.
struct UnresolvedRefund: Encodable, Sendable {
    let id: UUID
    let orderId: UUID
    let paymentId: UUID
    let amount: Money
    let status: RefundStatus
    let failureCode: String?
    let origin: RefundOrigin
    let reason: String
    let stripeRefundId: String?
    let failedAt: Date

    /// A row of ``RefundSQL/unresolved``.
    init(_ row: PostgresRow) throws {
        id = try row.get(0)
        orderId = try row.get(1)
        paymentId = try row.get(2)
        amount = Money(amount: try row.get(3), currency: try row.get(4))
        status = try row.get(5)
        failureCode = try row.get(6)
        origin = try row.get(7)
        reason = try row.get(8)
        stripeRefundId = try row.get(9)
        failedAt = try row.get(10)
    }
}
