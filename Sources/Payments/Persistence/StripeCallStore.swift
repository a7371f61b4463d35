import Foundation
import Postgres

/// A call to Stripe as it was persisted.
struct StripeCall: Sendable, Hashable {
    enum Kind: String, Sendable, Hashable, PostgresEncodable, PostgresDecodable {
        case create, confirm, cancel, refund
    }

    enum End: String, Sendable, Hashable, PostgresEncodable {
        case succeeded, failed
        /// It is not sent, or not sent again: what it was for has ended.
        case withdrawn
    }

    /// Also the Idempotency-Key.
    let id: UUID
    let kind: Kind
    /// Sent as it is, byte for byte.
    let body: [UInt8]
    /// Tries whose end is known here.
    var sends = 0
    var createdAt: Date?
    var refundID: UUID?
    /// Whether Stripe may have forgotten the key, so that the same call could take place once more.
    var isKeyOld = false

    var idempotencyKey: String { id.uuidString.lowercased() }
}

/// The calls to Stripe of a transaction.
struct StripeCallStore {
    let transaction: PostgresTransaction

    init(_ transaction: PostgresTransaction) { self.transaction = transaction }

    /// Persists a call.
    /// - Returns: false when one of its kind is on its way already.
    func insert(_ call: StripeCall, of payment: UUID) async throws -> Bool {
        try await !transaction.query(Self.insertion([(call, payment)])).isEmpty
    }

    /// Persists calls of which there cannot be others, with the next round trip.
    func enqueue(_ calls: [(call: StripeCall, payment: UUID)]) {
        guard !calls.isEmpty else { return }
        transaction.enqueue(Self.insertion(calls))
    }

    func enqueue(_ call: StripeCall, of payment: UUID) { enqueue([(call, payment)]) }

    private static func insertion(_ calls: [(call: StripeCall, payment: UUID)]) -> BoundStatement {
        StripeCallSQL.insert.bind(
            calls.map(\.call.id), calls.map(\.payment), calls.map(\.call.refundID), calls.map(\.call.kind.rawValue),
            calls.map(\.call.body))
    }

    /// A payment, without a lock, and its calls of these kinds that have no end yet, oldest first.
    func payment(_ id: UUID, withPending kinds: [StripeCall.Kind]) async throws -> (Payment, [StripeCall])? {
        let results = try await transaction.pipeline([
            PaymentSQL.read.bind(id), StripeCallSQL.pending.bind(id, kinds.map(\.rawValue)),
        ])
        guard let payment = try results[0].first.map(PaymentStore.payment) else { return nil }
        return (payment, try results[1].map(Self.call))
    }

    func pending(refund: UUID) async throws -> StripeCall? {
        try await transaction.query(StripeCallSQL.pendingRefund.bind(refund)).first.map(Self.call)
    }

    /// Ends a call.
    /// - Parameter error: what Stripe answered instead; nil when it did as asked.
    func end(_ call: StripeCall, _ end: StripeCall.End, error: StripeError? = nil) {
        self.end([call], end, error: error)
    }

    /// Ends calls that ended alike.
    func end(_ calls: [StripeCall], _ end: StripeCall.End, error: StripeError? = nil) {
        guard !calls.isEmpty else { return }
        transaction.enqueue(
            StripeCallSQL.end.bind(
                calls.map(\.id), end, end == .withdrawn ? 0 : 1,
                error?.httpStatus ?? (end == .succeeded ? 200 : nil), error?.reason, error?.requestID))
    }

    /// Notes a try of which it is not known whether it took place: it is made again, with the same key.
    func noteUnknown(_ call: StripeCall, _ error: StripeError?) {
        transaction.enqueue(StripeCallSQL.sent.bind(call.id, error?.httpStatus, error?.reason, error?.requestID))
    }

    private static func call(_ row: PostgresRow) throws -> StripeCall {
        StripeCall(
            id: try row.get(0), kind: try row.get(1), body: try row.get(2), sends: Int(try row.get(3, as: Int32.self)),
            createdAt: try row.get(4), refundID: try row.get(5), isKeyOld: try row.get(6))
    }
}
