import Foundation

@testable import Payments
@testable import StripeSandbox

/// Stripe: the stand-in's own ledger behind a bad line, without HTTP.
struct StripeModel: Sendable {
    /// What goes wrong with a call.
    enum Fault: Sendable, CaseIterable {
        case none
        /// No answer; it did not take place.
        case lostBefore
        /// No answer, although it took place.
        case lostAfter
        /// The key keeps a failure; it did not take place.
        case failedBefore
        /// The key keeps a failure, although it took place.
        case failedAfter
    }

    /// What the caller gets to know.
    enum Answer: Sendable {
        case intent(StripePaymentIntent)
        case refund(StripeRefund)
        case refused(code: String, StripePaymentIntent?)
        case unknown
        case fixed
    }

    static let serverMethods = [
        "pm_card_visa", "pm_sandbox_pendingRefundStays", "pm_card_chargeDeclined", "pm_sandbox_processing",
        "pm_card_threeDSecure2Required",
    ]
    static let customerMethods = serverMethods + ["pm_card_visa", "pm_card_chargeDeclinedInsufficientFunds"]

    private var ledger: SandboxLedger
    private var kept: [UUID: Answer] = [:]
    private var toldOf = 0
    /// On their way; each may come late, twice or never.
    var webhooks: [StripeEvent] = []
    /// Those that never came: they are in the list of events all the same.
    var unheard: [StripeEvent] = []
    /// Breaks the rule that a key gives one outcome.
    var forgetsKeys = false

    init(seed: UInt64) {
        ledger = SandboxLedger(StripeSandboxConfiguration(), seed: seed, clock: { 1_800_000_000 })
    }

    // MARK: The service's calls

    mutating func call(_ operation: SandboxOperation, _ body: [UInt8], key: UUID, _ fault: Fault) -> Answer {
        if let answer = kept[key], !forgetsKeys { return fault == .lostBefore ? .unknown : answer }
        if fault == .lostBefore { return .unknown }
        if fault == .failedBefore {
            kept[key] = .fixed
            return .fixed
        }
        let answer = perform(operation, String(decoding: body, as: UTF8.self))
        kept[key] = fault == .failedAfter ? .fixed : answer
        switch fault {
        case .lostAfter: return .unknown
        case .failedAfter: return .fixed
        case .none, .lostBefore, .failedBefore: return answer
        }
    }

    func intent(_ id: String) -> StripePaymentIntent? { ledger.intents[id].flatMap(StripePaymentIntent.init) }

    /// In the order in which they were made.
    var intents: [StripePaymentIntent] { ledger.intentOrder.compactMap(intent) }

    /// In the order in which they were made.
    var refunds: [StripeRefund] { ledger.refundOrder.compactMap { ledger.refunds[$0] }.compactMap(StripeRefund.init) }

    func refunds(of intent: String) -> [StripeRefund] { refunds.filter { $0.paymentIntent == intent } }

    func refunds(ofOrder order: UUID) -> [StripeRefund] { intents(of: order).flatMap { refunds(of: $0.id) } }

    /// What was charged for an order, in minor units.
    func charge(of order: UUID) -> Int64 { intents(of: order).reduce(0) { $0 + $1.amountReceived } }

    /// What was charged for an order and is neither given back nor on its way back, in minor units.
    func netCharge(of order: UUID) -> Int64 {
        let refunds = refunds(ofOrder: order).filter { !RefundStatus($0.status).isVoid }
        return charge(of: order) - refunds.reduce(0) { $0 + $1.amount }
    }

    func intents(of order: UUID) -> [StripePaymentIntent] {
        intents.filter { $0.metadata["order_id"] == order.uuidString.lowercased() }
    }

    // MARK: The customer, the bank

    mutating func confirm(_ id: String, method: String) {
        guard let secret = ledger.intents[id]?.clientSecret else { return }
        _ = perform(.confirmPaymentIntent(id), "payment_method=\(method)&client_secret=\(secret)", isBrowser: true)
    }

    mutating func completeAction(_ id: String, succeeds: Bool) {
        try? ledger.completeAction(id, succeeds: succeeds)
        takeNews()
    }

    mutating func finishProcessing(_ id: String, succeeds: Bool) {
        try? ledger.finishProcessing(id, succeeds: succeeds)
        takeNews()
    }

    /// Somebody cancels it at Stripe itself.
    mutating func cancel(_ intent: String) { _ = perform(.cancelPaymentIntent(intent), "") }

    /// Somebody gives money back at Stripe itself.
    mutating func giveBack(_ amount: Int64, of intent: String) {
        _ = perform(.createRefund, "payment_intent=\(intent)&amount=\(amount)")
    }

    /// A refund that was on its way ends; or the bank does not take the money of one that had succeeded.
    mutating func finishRefund(_ id: String, succeeds: Bool) {
        try? ledger.finishRefund(id, succeeds: succeeds)
        takeNews()
    }

    // MARK: Inside

    private mutating func perform(_ operation: SandboxOperation, _ text: String, isBrowser: Bool = false) -> Answer {
        let parameters = FormParameters(text)
        let call = SandboxLedger.Call(
            requestID: nil, idempotencyKey: nil, apiVersion: "", clientSecret: parameters.string("client_secret"),
            isBrowser: isBrowser)
        defer { takeNews() }
        do throws(StripeAPIError) {
            _ = try ledger.perform(operation, parameters, call)
            return answer(operation)
        } catch {
            let shown = error.paymentIntent == nil ? nil : operation.intent.flatMap(intent)
            return .refused(code: error.declineCode ?? error.code ?? error.type, shown)
        }
    }

    private func answer(_ operation: SandboxOperation) -> Answer {
        let refund = operation == .createRefund ? ledger.refundOrder.last.flatMap { ledger.refunds[$0] } : nil
        if let refund = refund.flatMap(StripeRefund.init) { return .refund(refund) }
        return (operation.intent ?? ledger.intentOrder.last).flatMap(intent).map { .intent($0) } ?? .unknown
    }

    /// What an operation changed last is what its events show: none changes one object twice.
    private mutating func takeNews() {
        for record in ledger.events[toldOf...] {
            let subject: StripeEvent.Subject? =
                switch record.objectKind {
                case "payment_intent": intent(record.objectID).map { .paymentIntent($0) }
                case "refund": ledger.refunds[record.objectID].flatMap(StripeRefund.init).map { .refund($0) }
                case "charge":
                    ledger.charges[record.objectID].map {
                        .charge(id: $0.id, paymentIntent: $0.paymentIntent, amountRefunded: $0.amountRefunded)
                    }
                default: nil
                }
            guard let subject else { continue }
            webhooks.append(
                StripeEvent(
                    id: record.id, type: record.type, created: Date(timeIntervalSince1970: 1_800_000_000),
                    livemode: false, isThin: false, subject: subject))
        }
        toldOf = ledger.events.count
        ledger.entries = []
        ledger.work = []
    }
}

extension SandboxOperation {
    /// The PaymentIntent that it names.
    fileprivate var intent: String? {
        switch self {
        case .confirmPaymentIntent(let id), .cancelPaymentIntent(let id), .retrievePaymentIntent(let id): id
        default: nil
        }
    }
}

extension StripePaymentIntent {
    fileprivate init?(_ record: PaymentIntentRecord) {
        guard let status = Status(rawValue: record.status.rawValue) else { return nil }
        self.init(
            id: record.id, status: status, amount: record.amount, amountReceived: record.amountReceived,
            currency: record.currency, metadata: record.metadata, latestCharge: record.latestCharge,
            lastFailure: record.lastFailure.map {
                Failure(code: $0.code, declineCode: $0.declineCode, charge: $0.charge, paymentMethod: $0.paymentMethod)
            }, cancellationReason: record.cancellationReason)
    }
}

extension StripeRefund {
    fileprivate init?(_ record: RefundRecord) {
        guard let status = Status(rawValue: record.status.rawValue) else { return nil }
        self.init(
            id: record.id, status: status, amount: record.amount, currency: record.currency,
            paymentIntent: record.paymentIntent, failureReason: record.failureReason, metadata: record.metadata)
    }
}
