import Contracts
import Foundation
import Postgres

/// Where a refund is. It only goes forward; a refund that has succeeded can still fail, when the bank sends the money
/// back.
enum RefundStatus: String, Codable, Sendable, Hashable, CaseIterable, PostgresEncodable, PostgresDecodable {
    /// Stripe has not been asked yet, or has not answered.
    case requested
    case pending
    case requiresAction = "requires_action"
    case succeeded
    case failed
    case canceled

    init(_ status: StripeRefund.Status) {
        switch status {
        case .pending, .unknown: self = .pending
        case .requiresAction: self = .requiresAction
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .canceled: self = .canceled
        }
    }

    var rank: Int {
        switch self {
        case .requested: 0
        case .pending, .requiresAction: 1
        case .succeeded: 2
        case .failed, .canceled: 3
        }
    }

    /// Whether it gives nothing back, so that its amount can be refunded anew.
    var isVoid: Bool { self == .failed || self == .canceled }
}

/// Who wanted a refund.
enum RefundOrigin: String, Codable, Sendable, Hashable, PostgresEncodable, PostgresDecodable {
    /// The saga: all of it, once.
    case order
    case `operator`
    /// Somebody at Stripe itself, such as in its dashboard.
    case stripe
    /// The customer got it in another way; Stripe knows nothing of it.
    case outside
}

/// Money given back, or on its way. Its id is the Idempotency-Key of the call that asks Stripe for it.
struct Refund: Sendable, Hashable {
    let id: UUID
    let paymentID: UUID
    let amount: Money
    let reason: String
    let origin: RefundOrigin
    var status: RefundStatus
    var stripeRefundID: String?
    var failureCode: String?
    var requestedBy: String?
    /// Nil until it is stored.
    var createdAt: Date?
}

/// What Stripe says about a refund leads to.
struct RefundDecision: Sendable, Hashable {
    var refund: Refund
    /// Nothing changes.
    var isKnown: Bool
    /// Its amount is not given back after all.
    var isReleased: Bool
    /// The other services are told that the money was given back.
    var isPublished: Bool
    /// They had been told so, and are told that it was not.
    var isTakenBack = false
}

/// The decisions about refunds: pure.
enum RefundTransition {
    static func decide(_ before: Refund, _ stripe: StripeRefund) -> RefundDecision {
        let status = RefundStatus(stripe.status)
        let isForward =
            status.rank > before.status.rank || (status.rank == 1 && before.status.rank == 1 && status != before.status)
        guard isForward else {
            return RefundDecision(refund: before, isKnown: true, isReleased: false, isPublished: false)
        }
        var refund = before
        refund.status = status
        refund.stripeRefundID = stripe.id
        if status.isVoid { refund.failureCode = stripe.failureReason ?? status.rawValue }
        return RefundDecision(
            refund: refund, isKnown: false, isReleased: status.isVoid, isPublished: status == .succeeded,
            isTakenBack: before.status == .succeeded && status.isVoid)
    }

    /// Stripe will not make this refund.
    static func refused(_ before: Refund, code: String) -> RefundDecision {
        guard before.status == .requested else {
            return RefundDecision(refund: before, isKnown: true, isReleased: false, isPublished: false)
        }
        var refund = before
        refund.status = .failed
        refund.failureCode = code
        return RefundDecision(refund: refund, isKnown: false, isReleased: true, isPublished: false)
    }
}
