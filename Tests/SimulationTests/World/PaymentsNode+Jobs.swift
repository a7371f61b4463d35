import Foundation
import Outbox

@testable import Payments
@testable import StripeSandbox

/// The jobs that talk to Stripe, in two halves: the call, and what is written once the answer is there. Whatever happens
/// between them happens to everybody else, and a crash forgets the answer.
extension PaymentsNode {
    /// A job that waits for an answer.
    struct Underway: Sendable {
        enum Stage: Sendable {
            case create(StripeCall, StripeModel.Answer)
            case confirm(
                StripeCall, StripeModel.Answer, id: String, made: StripePaymentIntent?, created: StripeCall?)
            case cancel(StripeCall, StripeModel.Answer, id: String)
            case refund(StripeCall, StripeModel.Answer)
            case look(StripePaymentIntent, [StripeRefund])
        }

        let job: Job
        let stage: Stage
    }

    private static let pause: TimeInterval = 1

    /// The first half.
    /// - Returns: nil when there was nothing to call for: the job is done.
    mutating func start(_ job: Job, _ stripe: inout StripeModel, _ fault: StripeModel.Fault) -> Underway? {
        let pending = calls[job.order] ?? []
        let known = payments[job.order]?.paymentIntentID
        func underway(_ stage: Underway.Stage) -> Underway { Underway(job: job, stage: stage) }
        switch job.kind {
        case .create:
            if let call = pending.first(where: { $0.kind == .create }) {
                return underway(.create(call, stripe.call(.createPaymentIntent, call.body, key: call.id, fault)))
            }
            guard let call = pending.first(where: { $0.kind == .confirm }), let known else { return done(job) }
            if payments[job.order]?.cancelReason != nil {
                end(call, job.order)
                return done(job)
            }
            let answer = stripe.call(.confirmPaymentIntent(known), call.body, key: call.id, fault)
            return underway(.confirm(call, answer, id: known, made: nil, created: nil))
        case .cancel:
            guard let call = pending.first(where: { $0.kind == .cancel }), let known else { return done(job) }
            let answer = stripe.call(.cancelPaymentIntent(known), call.body, key: call.id, fault)
            return underway(.cancel(call, answer, id: known))
        case .refund(let id):
            guard let call = pending.first(where: { $0.refundID == id }) else { return done(job) }
            return underway(.refund(call, stripe.call(.createRefund, call.body, key: call.id, fault)))
        case .look:
            guard let known, let intent = stripe.intent(known) else { return done(job) }
            return underway(.look(intent, stripe.refunds(of: known)))
        }
    }

    /// The second half.
    /// - Returns: the next call that is waited for; nil when the job is done, or has a new time.
    mutating func finish(
        _ underway: Underway, _ stripe: inout StripeModel, _ fault: StripeModel.Fault, at now: Date
    ) throws -> Underway? {
        let job = underway.job
        switch underway.stage {
        case .create(let call, .intent(let intent)):
            return try made(intent, call, job, &stripe, fault, at: now)
        case .create(let call, .refused(let code, _)):
            end(call, job.order)
            if let confirm = calls[job.order]?.first(where: { $0.kind == .confirm }) { end(confirm, job.order) }
            try decide(.intentRefused(code: code), of: job.order, at: now)
        case .create(let call, .fixed):
            guard let payment = payments[job.order] else { return done(job) }
            if let found = stripe.intents.first(where: { $0.metadata["payment_id"] == payment.id.lowercased }) {
                return try made(found, call, job, &stripe, fault, at: now)
            }
            end(call, job.order)
            let id = nextCall()
            add(StripeCall(id: id, kind: .create, body: StripeRequests.create(payment, attempt: id)), job.order)
            return again(job, at: now)
        case .confirm(let call, let answer, let id, let made, let created):
            return try confirmed(call, answer, id, made, created, job, stripe, at: now)
        case .cancel(let call, let answer, let id): return try cancelled(call, answer, id, job, stripe, at: now)
        case .refund(let call, let answer): return try refunded(call, answer, job, stripe, at: now)
        case .look(let intent, let refunds):
            try show(intent, of: job.order, at: now)
            try show(refunds, of: job.order)
        case .create: return again(job, at: now)
        }
        return done(job)
    }

    private mutating func made(
        _ intent: StripePaymentIntent, _ create: StripeCall, _ job: Job, _ stripe: inout StripeModel,
        _ fault: StripeModel.Fault, at now: Date
    ) throws -> Underway? {
        let confirm = calls[job.order]?.first { $0.kind == .confirm }
        if let confirm, payments[job.order]?.cancelReason == nil {
            let answer = stripe.call(.confirmPaymentIntent(intent.id), confirm.body, key: confirm.id, fault)
            return Underway(
                job: job, stage: .confirm(confirm, answer, id: intent.id, made: intent, created: create))
        }
        end(create, job.order)
        if let confirm { end(confirm, job.order) }
        try show(intent, of: job.order, at: now)
        return done(job)
    }

    private mutating func confirmed(
        _ call: StripeCall, _ answer: StripeModel.Answer, _ id: String, _ made: StripePaymentIntent?,
        _ created: StripeCall?, _ job: Job, _ stripe: StripeModel, at now: Date
    ) throws -> Underway? {
        switch answer {
        case .intent(let intent):
            if let created { end(created, job.order) }
            end(call, job.order)
            try show(intent, of: job.order, at: now)
        case .refused(let code, let told):
            guard let shown = told ?? made ?? stripe.intent(id) else { return done(job) }
            if let created { end(created, job.order) }
            end(call, job.order)
            try show(shown, of: job.order, then: told == nil ? .confirmationRefused(code: code) : nil, at: now)
        case .unknown, .refund:
            if let created { end(created, job.order) }
            if let made { try show(made, of: job.order, at: now) }
            return again(job, at: now)
        case .fixed:
            guard let intent = stripe.intent(id) else { return done(job) }
            if let created { end(created, job.order) }
            end(call, job.order)
            try show(intent, of: job.order, at: now)
            let isUntouched =
                intent.lastFailure == nil
                && (intent.status == .requiresPaymentMethod || intent.status == .requiresConfirmation)
            guard isUntouched else { break }
            add(StripeCall(id: nextCall(), kind: .confirm, body: call.body), job.order)
            return again(job, at: now)
        }
        return done(job)
    }

    private mutating func cancelled(
        _ call: StripeCall, _ answer: StripeModel.Answer, _ id: String, _ job: Job, _ stripe: StripeModel,
        at now: Date
    ) throws -> Underway? {
        let refused: StripePaymentIntent
        switch answer {
        case .intent(let intent):
            end(call, job.order)
            try show(intent, of: job.order, at: now)
            return done(job)
        case .unknown, .refund: return again(job, at: now)
        case .refused(_, let told?): refused = told
        case .refused(_, nil), .fixed:
            guard let intent = stripe.intent(id), let payment = payments[job.order] else { return done(job) }
            guard [.canceled, .succeeded, .processing].contains(intent.status) else {
                end(call, job.order)
                add(StripeCall(id: nextCall(), kind: .cancel, body: StripeRequests.cancel(payment)), job.order)
                return again(job, at: now)
            }
            refused = intent
        }
        end(call, job.order)
        try decide(.cancelRefused(refused), of: job.order, at: now)
        return done(job)
    }

    private mutating func refunded(
        _ call: StripeCall, _ answer: StripeModel.Answer, _ job: Job, _ stripe: StripeModel, at now: Date
    ) throws -> Underway? {
        switch answer {
        case .refund(let refund):
            end(call, job.order)
            try show([refund], of: job.order)
        case .unknown, .intent: return again(job, at: now)
        case .refused, .fixed:
            let made = stripe.refunds(of: payments[job.order]?.paymentIntentID ?? "")
            let isMade = made.contains { $0.metadata["refund_id"] == call.refundID?.lowercased }
            end(call, job.order)
            if case .refused(let code, _) = answer, !isMade {
                try refuse(call.refundID, of: job.order, code: code)
            } else if !isMade {
                add(
                    StripeCall(id: nextCall(), kind: .refund, body: call.body, refundID: call.refundID), job.order)
                return again(job, at: now)
            }
            try show(made, of: job.order)
        }
        return done(job)
    }

    private mutating func done(_ job: Job) -> Underway? {
        jobs.removeAll { $0.number == job.number }
        return nil
    }

    private mutating func again(_ job: Job, at now: Date) -> Underway? {
        for index in jobs.indices where jobs[index].number == job.number {
            jobs[index].runAt = now.addingTimeInterval(Self.pause)
        }
        return nil
    }
}

extension PaymentsNode.Underway.Stage: CustomStringConvertible {
    /// Only what is the same in every run.
    var description: String {
        switch self {
        case .create(_, let answer): "create: \(answer.description)"
        case .confirm(_, let answer, _, _, _): "confirm: \(answer.description)"
        case .cancel(_, let answer, _): "cancel: \(answer.description)"
        case .refund(_, let answer): "refund: \(answer.description)"
        case .look(let intent, let refunds): "look: \(intent.status.rawValue), \(refunds.count) refunds"
        }
    }
}

extension StripeModel.Answer: CustomStringConvertible {
    var description: String {
        switch self {
        case .intent(let intent): intent.status.rawValue
        case .refund(let refund): refund.status.rawValue
        case .refused(let code, let intent): "refused (\(code)) \(intent?.status.rawValue ?? "")"
        case .unknown: "no answer"
        case .fixed: "a failure that the key keeps"
        }
    }
}
