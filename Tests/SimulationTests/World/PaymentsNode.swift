import Contracts
import Foundation
import Outbox

@testable import Payments

/// The payment service's database: its decisions are the service's own, and how they are carried out is modelled here.
struct PaymentsNode: Sendable {
    /// A job that talks to Stripe.
    struct Job: Sendable {
        enum Kind: Sendable, Hashable { case create, cancel, refund(UUID), look }

        let number: Int
        let kind: Kind
        let order: UUID
        var runAt: Date
    }

    let policy = PaymentPolicy()
    /// By order.
    var payments: [UUID: Payment] = [:]
    /// By order, in the order in which they were wanted.
    var refunds: [UUID: [Refund]] = [:]
    /// Failed refunds that a person has dealt with.
    var resolved: Set<UUID> = []
    var ledger: [OutboxEvent] = []
    /// Breaks the rule that others are told of a refund that did not stay.
    var hidesFailedRefunds = false
    var jobs: [Job] = []
    /// Calls without an end, by order.
    var calls: [UUID: [StripeCall]] = [:]
    private var failures: [UUID: Set<String>] = [:]
    private var taken: Set<String> = []
    private var waiting: [StripeEvent] = []
    private var jobNumber = 0
    private var callNumber = 0

    // MARK: What comes in

    mutating func take(_ event: InboundEvent, at now: Date) throws {
        switch try PaymentRequestsHandler.reading(event) {
        case .outcome(.parked(let reason)): throw Surprise(what: "payments parks an event: \(reason)")
        case .outcome: return
        case .request(let request):
            guard payments[request.order] == nil else {
                return try decide(request.input, of: request.order, at: now)
            }
            let new = Payment(
                id: UUID.simulated(4, payments.count), orderID: request.order, sagaID: request.saga,
                status: .awaitingOrder)
            try carryOut(PaymentTransition.begin(new, request.input), at: now)
        }
    }

    mutating func take(_ event: StripeEvent, at now: Date) throws {
        guard taken.insert(event.id).inserted else { return }
        try apply(event, at: now)
    }

    private mutating func apply(_ event: StripeEvent, at now: Date) throws {
        let payment = event.paymentIntentID.flatMap { id in payments.values.first { $0.paymentIntentID == id } }
        switch StripeEventRule.decide(event, knowledge(event, payment)) {
        case .ignore, .known: break
        case .wait: waiting.append(event)
        case .read: if let payment { schedule(.look, payment.orderID, at: now) }
        case .apply(let intent): if let payment { try show(intent, of: payment.orderID, at: now) }
        }
    }

    private func knowledge(_ event: StripeEvent, _ payment: Payment?) -> StripeEventRule.Knowledge {
        var known = StripeEventRule.Knowledge(payment: payment)
        guard let payment else { return known }
        let refunds = refunds[payment.orderID] ?? []
        switch event.subject {
        case .paymentIntent(let intent):
            known.isFailureCounted =
                (intent.failedTry(at: nil)?.key).map { failures[payment.orderID]?.contains($0) == true } ?? false
        case .refund(let refund): known.refundStatus = refunds.first { $0.stripeRefundID == refund.id }?.status
        case .charge:
            known.refundedSoFar = refunds.filter { $0.status == .succeeded }.reduce(0) { $0 + $1.amount.amount }
        case .named: break
        }
        return known
    }

    // MARK: Decisions

    /// Stripe has shown the PaymentIntent.
    mutating func show(
        _ intent: StripePaymentIntent, of order: UUID, then input: PaymentInput? = nil, at now: Date
    ) throws {
        var isNew = false
        if let key = intent.failedTry(at: nil)?.key { isNew = failures[order, default: []].insert(key).inserted }
        try decide(
            .intent(intent, newFailure: isNew, failures: failures[order]?.count ?? 0), of: order, at: now)
        if let input { try decide(input, of: order, at: now) }
        guard let id = payments[order]?.paymentIntentID else { return }
        let events = waiting.filter { $0.paymentIntentID == id }
        waiting.removeAll { $0.paymentIntentID == id }
        for event in events { try apply(event, at: now) }
    }

    mutating func decide(_ input: PaymentInput, of order: UUID, at now: Date) throws {
        guard let payment = payments[order] else { return }
        let decision = PaymentTransition.decide(payment, input, policy: policy)
        if decision.ignored == nil { try carryOut(decision, at: now) }
    }

    private mutating func carryOut(_ decision: PaymentDecision, at now: Date) throws {
        var payment = decision.payment
        let order = payment.orderID
        for effect in decision.effects {
            switch effect {
            case .createIntent:
                let id = nextCall()
                add(StripeCall(id: id, kind: .create, body: StripeRequests.create(payment, attempt: id)), order)
                if payment.isServerConfirmed {
                    add(StripeCall(id: nextCall(), kind: .confirm, body: StripeRequests.confirm(payment)), order)
                }
                schedule(.create, order, at: now)
            case .cancelIntent:
                guard calls[order]?.contains(where: { $0.kind == .cancel }) != true else { continue }
                add(StripeCall(id: nextCall(), kind: .cancel, body: StripeRequests.cancel(payment)), order)
                schedule(.cancel, order, at: now)
            case .refundInFull(let reason):
                try refundInFull(&payment, reason: reason, at: now)
            case .publish(let news): ledger.append(try PaymentEvents.event(news, payment))
            case .alert(let code): throw Surprise(what: "payments needs a person: \(code)")
            }
        }
        payments[order] = payment
    }

    // MARK: Calls and jobs

    mutating func nextCall() -> UUID {
        callNumber += 1
        return UUID.simulated(5, callNumber)
    }

    mutating func add(_ call: StripeCall, _ order: UUID) { calls[order, default: []].append(call) }

    mutating func end(_ call: StripeCall, _ order: UUID) { calls[order]?.removeAll { $0.id == call.id } }

    mutating func schedule(_ kind: Job.Kind, _ order: UUID, at time: Date) {
        jobNumber += 1
        jobs.append(Job(number: jobNumber, kind: kind, order: order, runAt: time))
    }

    /// What payments does by itself: it looks at what has been open for a while, and reads Stripe's list of events for what no
    /// webhook told, such as a refund that failed or was made in the dashboard.
    mutating func reconcile(reading events: [StripeEvent], at now: Date) throws {
        for event in events { try take(event, at: now) }
        for payment in payments.values.sorted(by: { $0.id.uuidString < $1.id.uuidString })
        where payment.paymentIntentID != nil && payment.status != .cancelled && payment.status != .succeeded
            && !jobs.contains(where: { $0.order == payment.orderID })
        {
            schedule(.look, payment.orderID, at: now)
        }
    }
}
