import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// Makes an order's PaymentIntent and, where the order named a payment method, confirms it.
///
/// Both calls were persisted before, with their keys and bodies. So whatever is lost, a process or an answer, running the
/// job again makes the same calls, and Stripe answers what it answered before. Making and confirming are two calls, so
/// that the first can always be repeated: it charges nothing.
struct CreateIntentJob: JobHandler {
    let context: PaymentJobContext
    let concurrency: Int

    var kind: String { PaymentJobKind.createIntent }
    /// For failures of our own; what Stripe does not answer is repeated without end.
    var retry: RetryPolicy { RetryPolicy(maxAttempts: 20, base: .milliseconds(200), cap: .seconds(60)) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        guard let job = jobs.first else { return .done }
        let payload = try job.decode(PaymentJobPayload.self)
        guard
            let (payment, calls) = try await StripeCallStore(transaction).payment(
                payload.paymentId, withPending: [.create, .confirm])
        else { return .done }
        return try await context.run(payment, traceparent: payload.traceparent) {
            try await run(payment, calls, in: transaction)
        }
    }

    private var cause: PaymentCause { PaymentCause(kind: kind, id: nil) }

    private func run(
        _ payment: Payment, _ calls: [StripeCall], in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let confirm = calls.first { $0.kind == .confirm }
        guard let create = calls.first(where: { $0.kind == .create }) else {
            guard let confirm, let id = payment.paymentIntentID else { return .done }
            return try await self.confirm(confirm, intent: nil, id: id, of: payment, created: nil, in: transaction)
        }
        // Also when the order has ended meanwhile: a process that was killed between its call and its COMMIT leaves no
        // trace here, but perhaps a PaymentIntent that is being charged. Asked for again under its key it is known, and
        // can be cancelled or refunded. Under a key that Stripe may have forgotten it would be made a second time.
        guard !create.isKeyOld else { return try await lookUp(nil, create, confirm, of: payment, in: transaction) }
        let attempt = try await StripeAttempt.make(logger: context.logger) {
            try await context.stripe.createPaymentIntent(body: create.body, idempotencyKey: create.idempotencyKey)
        }
        switch attempt {
        case .done(let intent):
            return try await made(intent, create, confirm, of: payment, in: transaction)
        case .refused(let error):
            return try await refused(error, create, confirm, of: payment, in: transaction)
        case .unknown(let error), .unsent(let error):
            return context.later(create, error, in: transaction)
        case .fixed(let error):
            return try await lookUp(error, create, confirm, of: payment, in: transaction)
        }
    }

    // MARK: Making

    private func made(
        _ intent: StripePaymentIntent, _ create: StripeCall, _ confirm: StripeCall?, of payment: Payment,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        if let confirm {
            return try await self.confirm(
                confirm, intent: intent, id: intent.id, of: payment, created: create, in: transaction)
        }
        try await context.apply(intent, to: payment, cause: cause, in: transaction) {
            StripeCallStore(transaction).end(create, .succeeded)
        }
        return .done
    }

    private func refused(
        _ error: StripeError, _ create: StripeCall, _ confirm: StripeCall?, of payment: Payment,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        guard let locked = try await PaymentStore(transaction).lock(payment.id) else { return .done }
        let calls = StripeCallStore(transaction)
        calls.end(create, .failed, error: error)
        if let confirm { calls.end(confirm, .withdrawn) }
        try await context.ledger.apply(
            .intentRefused(code: error.reason), to: locked, cause: cause, in: transaction)
        return .done
    }

    /// The key keeps a failure, or is too old to be used. Whether the PaymentIntent is there, the list of the latest ones tells: it is the one that
    /// carries this payment's id. If it is not there, a new attempt is safe, with a new key.
    /// - Parameter error: what Stripe answered; nil when it was not asked, because the key is too old.
    private func lookUp(
        _ error: StripeError?, _ create: StripeCall, _ confirm: StripeCall?, of payment: Payment,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let found: StripePaymentIntent?
        do {
            found = try await search(payment, since: create.createdAt ?? Date())
        } catch let failure as StripeError {
            return context.later(create, failure, in: transaction)
        }
        if let found { return try await made(found, create, confirm, of: payment, in: transaction) }
        guard try await PaymentStore(transaction).lock(payment.id) != nil else { return .done }
        let calls = StripeCallStore(transaction)
        calls.end(create, .failed, error: error)
        let id = UUID.v7()
        calls.enqueue(
            StripeCall(id: id, kind: .create, body: StripeRequests.create(payment, attempt: id)), of: payment.id)
        return context.pause(after: create.sends)
    }

    private func search(_ payment: Payment, since: Date) async throws -> StripePaymentIntent? {
        // Stripe's clock may be a little behind the database's.
        let earliest = since.addingTimeInterval(-300)
        var last: String?
        while true {
            let page = try await context.stripe.listPaymentIntents(createdSince: earliest, startingAfter: last)
            if let found = page.data.first(where: { $0.metadata["payment_id"] == payment.id.lowercased }) {
                return found
            }
            // One that is ours and cannot be read is there all the same.
            if page.unreadable.contains(where: { $0.metadata["payment_id"] == payment.id.lowercased }) {
                throw StripeError(.malformed, operation: "payment_intents.list")
            }
            guard page.hasMore, let id = page.lastID else { return nil }
            last = id
        }
    }

    // MARK: Confirming

    /// - Parameters:
    ///   - intent: the PaymentIntent as it was made just now; nil when it was known before.
    ///   - created: the call that made it, to be ended with what is learned here.
    private func confirm(
        _ confirm: StripeCall, intent: StripePaymentIntent?, id: String, of payment: Payment, created: StripeCall?,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        let endCreation = { if let created { calls.end(created, .succeeded) } }
        // The order may have ended meanwhile: then nothing is to be charged any more. Whether a confirmation without an
        // answer took place, the cancellation shows.
        if try await PaymentStore(transaction).read(payment.id)?.cancelReason != nil {
            return try await withdraw(confirm, intent: intent, id: id, of: payment, in: transaction, endCreation)
        }
        guard !confirm.isKeyOld else {
            return try await readConfirmation(nil, confirm, id: id, of: payment, in: transaction, endCreation)
        }
        let attempt = try await StripeAttempt.make(logger: context.logger) {
            try await context.stripe.confirmPaymentIntent(
                id, body: confirm.body, idempotencyKey: confirm.idempotencyKey)
        }
        switch attempt {
        case .done(let confirmed):
            try await context.apply(confirmed, to: payment, cause: cause, in: transaction) {
                calls.end([created, confirm].compactMap { $0 }, .succeeded)
            }
            return .done
        case .refused(let error):
            return try await confirmationRefused(
                error, confirm, intent: intent, id: id, of: payment, in: transaction, endCreation)
        case .unknown(let error), .unsent(let error):
            guard let intent else { return context.later(confirm, error, in: transaction) }
            // It is known from now on, for webhooks and for a cancellation.
            var outcome = JobOutcome.done
            try await context.apply(intent, to: payment, cause: cause, in: transaction) {
                endCreation()
                outcome = context.later(confirm, error, in: transaction)
            }
            return outcome
        case .fixed(let error):
            return try await readConfirmation(error, confirm, id: id, of: payment, in: transaction, endCreation)
        }
    }

    private func withdraw(
        _ confirm: StripeCall, intent: StripePaymentIntent?, id: String, of payment: Payment,
        in transaction: PostgresTransaction, _ endCreation: () -> Void
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        guard let intent else {
            // Known before: the cancellation is on its way already.
            calls.end(confirm, .withdrawn)
            return .done
        }
        try await context.apply(intent, to: payment, cause: cause, in: transaction) {
            endCreation()
            calls.end(confirm, .withdrawn)
        }
        return .done
    }

    /// A decline, or the PaymentIntent is not in a state to be confirmed: both tell how it is. Anything else means that
    /// this payment method will never do.
    private func confirmationRefused(
        _ error: StripeError, _ confirm: StripeCall, intent: StripePaymentIntent?, id: String, of payment: Payment,
        in transaction: PostgresTransaction, _ endCreation: () -> Void
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        let shown: StripePaymentIntent
        if let told = error.paymentIntent ?? intent {
            shown = told
        } else {
            let read = try await StripeAttempt.make(logger: context.logger) {
                try await context.stripe.retrievePaymentIntent(id)
            }
            guard case .done(let current) = read else {
                return context.later(confirm, read.error, in: transaction)
            }
            shown = current
        }
        let then: PaymentInput? = error.paymentIntent == nil ? .confirmationRefused(code: error.reason) : nil
        try await context.apply(shown, to: payment, cause: cause, then: then, in: transaction) {
            endCreation()
            calls.end(confirm, .failed, error: error)
        }
        return .done
    }

    /// The key keeps a failure, or is too old to be used: the PaymentIntent itself tells whether it was confirmed. If it was
    /// not, it is confirmed anew, with a new key.
    /// - Parameter error: what Stripe answered; nil when it was not asked, because the key is too old.
    private func readConfirmation(
        _ error: StripeError?, _ confirm: StripeCall, id: String, of payment: Payment,
        in transaction: PostgresTransaction, _ endCreation: () -> Void
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        let read = try await StripeAttempt.make(logger: context.logger) {
            try await context.stripe.retrievePaymentIntent(id)
        }
        guard case .done(let intent) = read else { return context.later(confirm, read.error, in: transaction) }
        let isUntouched =
            intent.lastFailure == nil
            && (intent.status == .requiresPaymentMethod || intent.status == .requiresConfirmation)
        try await context.apply(intent, to: payment, cause: cause, in: transaction) {
            endCreation()
            calls.end(confirm, .failed, error: error)
            if isUntouched {
                calls.enqueue(StripeCall(id: .v7(), kind: .confirm, body: confirm.body), of: payment.id)
            }
        }
        return isUntouched ? context.pause(after: confirm.sends) : .done
    }
}
