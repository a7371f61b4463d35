import Contracts
import Foundation
import Postgres

/// The payments of a transaction.
struct PaymentStore {
    let transaction: PostgresTransaction

    init(_ transaction: PostgresTransaction) { self.transaction = transaction }

    /// Inserts each payment, or locks the one that its order has already: all in one round trip. At most one of an order.
    /// - Returns: those that were there, by their order; a payment that is not among them was inserted.
    func insertOrLock(_ payments: [Payment]) async throws -> [UUID: Payment] {
        let results = try await transaction.pipeline([
            insertion(payments), PaymentSQL.lockByOrder.bind(payments.map(\.orderID)),
        ])
        let inserted = Set(try results[0].map { try $0.get(0, as: UUID.self) })
        let known = try results[1].map(Self.payment).filter { !inserted.contains($0.orderID) }
        return Dictionary(uniqueKeysWithValues: known.map { ($0.orderID, $0) })
    }

    private func insertion(_ payments: [Payment]) -> BoundStatement {
        PaymentSQL.insert.bind(
            payments.map(\.id), payments.map(\.orderID), payments.map(\.sagaID), payments.map(\.customerID),
            payments.map(\.price?.amount), payments.map(\.price?.currency), payments.map(\.paymentMethod),
            payments.map(\.status.rawValue), payments.map(\.reservationExpiresAt), payments.map(\.cancelReason))
    }

    func lock(_ id: UUID) async throws -> Payment? {
        try await transaction.query(PaymentSQL.lock.bind(id)).first.map(Self.payment)
    }

    /// The payment as it is, without a lock.
    func read(_ id: UUID) async throws -> Payment? {
        try await transaction.query(PaymentSQL.read.bind(id)).first.map(Self.payment)
    }

    /// Waits for, and then keeps out, all others who make this PaymentIntent known or look for it; then locks its
    /// payment, if it is known. No payment may be locked before.
    func lock(intent id: String) async throws -> Payment? {
        let results = try await transaction.pipeline([
            PaymentSQL.lockIntent.bind(id), PaymentSQL.lockByIntent.bind(id),
        ])
        return try results[1].first.map(Self.payment)
    }

    func lock(order id: UUID) async throws -> Payment? {
        try await transaction.query(PaymentSQL.lockByOrder.bind([id])).first.map(Self.payment)
    }

    /// Writes the rows with the next round trip, each once.
    func update(_ payments: [Payment]) {
        guard !payments.isEmpty else { return }
        transaction.enqueue(
            PaymentSQL.update.bind(
                payments.map(\.id), payments.map(\.customerID), payments.map(\.price?.amount),
                payments.map(\.price?.currency), payments.map(\.paymentMethod), payments.map(\.status.rawValue),
                payments.map(\.reservationExpiresAt), payments.map(\.paymentIntentID),
                payments.map(\.stripeStatus?.rawValue), payments.map { Int32($0.attempts) },
                payments.map(\.lastErrorCode), payments.map(\.amountReceived), payments.map(\.refunded),
                payments.map(\.cancelReason), payments.map(\.alert)))
    }

    func update(_ payment: Payment) { update([payment]) }

    func addHistory(_ entries: [PaymentChanges.HistoryEntry]) {
        guard !entries.isEmpty else { return }
        transaction.enqueue(
            PaymentSQL.addHistory.bind(
                entries.map(\.payment.id), entries.map(\.cause.kind), entries.map(\.cause.id),
                entries.map(\.from?.rawValue), entries.map(\.payment.status.rawValue), entries.map(\.note)))
    }

    /// A line about something that left the status as it is.
    func addHistory(_ payment: Payment, cause: PaymentCause, note: String) {
        addHistory([PaymentChanges.HistoryEntry(payment: payment, from: payment.status, cause: cause, note: note)])
    }

    /// Counts failed tries, each once.
    /// - Returns: whether one of them is new, and how many there are.
    func countFailures(_ tries: [FailedTry], of id: UUID) async throws -> (isNew: Bool, count: Int) {
        guard !tries.isEmpty else { return (false, 0) }
        // Those with a time first: the others may be the same.
        let statements = tries.sorted { $0.timedKey != nil && $1.timedKey == nil }.flatMap { failed in
            [
                failed.timedKey.map { PaymentSQL.nameFailure.bind(id, failed.key, $0) },
                PaymentSQL.addFailure.bind(id, failed.timedKey ?? failed.key, failed.reason),
            ].compactMap { $0 }
        }
        let results = try await transaction.pipeline(statements + [PaymentSQL.countFailures.bind(id)])
        let count = try results.last?.first?.get(0, as: Int64.self) ?? 0
        return (results.dropLast().contains { !$0.isEmpty }, Int(count))
    }

    /// Whether a failed try has been counted already.
    func isCounted(_ failed: FailedTry, of id: UUID) async throws -> Bool {
        var statements = [PaymentSQL.isFailureCounted.bind(id, failed.timedKey ?? failed.key)]
        if let timed = failed.timedKey { statements.insert(PaymentSQL.nameFailure.bind(id, failed.key, timed), at: 0) }
        return try await transaction.pipeline(statements).last?.first?.get(0, as: Bool.self) ?? false
    }

    static func payment(_ row: PostgresRow) throws -> Payment {
        var payment = Payment(
            id: try row.get(0), orderID: try row.get(1), sagaID: try row.get(2), status: try row.get(7))
        payment.customerID = try row.get(3)
        if let amount = try row.get(4, as: Int64?.self), let currency = try row.get(5, as: String?.self) {
            payment.price = Money(amount: amount, currency: currency)
        }
        payment.paymentMethod = try row.get(6)
        payment.stockReservedAt = try row.get(8)
        payment.reservationExpiresAt = try row.get(9)
        payment.paymentIntentID = try row.get(10)
        payment.stripeStatus = try row.get(11, as: String?.self).flatMap(StripePaymentIntent.Status.init(rawValue:))
        payment.attempts = Int(try row.get(12, as: Int32.self))
        payment.lastErrorCode = try row.get(13)
        payment.amountReceived = try row.get(14)
        payment.refunded = try row.get(15)
        payment.cancelReason = try row.get(16)
        payment.alert = try row.get(17)
        return payment
    }
}

/// What made a payment change, for its history.
struct PaymentCause: Sendable, Hashable {
    /// An event's type, a job's kind, `webhook`, `reconciliation` or `operator`.
    let kind: String
    /// Which one.
    let id: String?
}
