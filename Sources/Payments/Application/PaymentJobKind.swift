import Foundation
import Outbox
import ServiceContextModule

/// The jobs of this service.
enum PaymentJobKind {
    static let createIntent = "payment.create-intent"
    static let cancelIntent = "payment.cancel-intent"
    static let refund = "payment.refund"
    /// A look at one payment at Stripe that an event or an operator asks for: those never wait for the many looks that a
    /// reconciliation schedules at once.
    static let look = "payment.look"
    /// A look at one payment at Stripe that has been open for a while.
    static let reconcile = "payment.reconcile"
    /// Recurring: Stripe's list of events.
    static let reconcileEvents = "payment.reconcile-events"
    /// Recurring: payments that have been open for a while.
    static let reconcileOpen = "payment.reconcile-open"
}

/// Which payment a job is about. Jobs that call Stripe are scheduled once for each persisted call, under its id: a key
/// that two transactions could share would make the second wait for as long as Stripe takes.
struct PaymentJobPayload: Codable, Sendable {
    let paymentId: UUID
    /// The trace that asked for it, which the events that follow go on with.
    let traceparent: String?

    init(_ paymentId: UUID) {
        self.paymentId = paymentId
        traceparent = ServiceContext.current?.traceparent
    }
}

/// Which refund a job is about.
struct RefundJobPayload: Codable, Sendable {
    let refundId: UUID
    let traceparent: String?

    init(_ refundId: UUID) {
        self.refundId = refundId
        traceparent = ServiceContext.current?.traceparent
    }
}

/// What is to be looked at: a payment, or what an event is about.
struct ReconcileJobPayload: Codable, Sendable {
    var paymentId: UUID?
    var eventId: String?
    /// Such as `webhook`, `reconciliation`, `operator`.
    var cause: String
    var traceparent: String? = ServiceContext.current?.traceparent
}
