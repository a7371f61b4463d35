import Foundation

/// What this service reads of a PaymentIntent, and no more: neither the client secret nor anything about the customer
/// passes through here, so neither can be stored or logged.
/// Source: https://docs.stripe.com/api/payment_intents/object
public struct StripePaymentIntent: Codable, Sendable, Hashable {
    /// Where a PaymentIntent is in its life.
    public enum Status: String, Codable, Sendable, Hashable, CaseIterable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    /// Why the latest try failed.
    public struct Failure: Codable, Sendable, Hashable {
        public let code: String?
        public let declineCode: String?
        /// The try's charge; nil when it failed before there was one.
        public let charge: String?
        /// The payment method that was tried.
        public let paymentMethod: String?

        public init(code: String?, declineCode: String?, charge: String?, paymentMethod: String?) {
            self.code = code
            self.declineCode = declineCode
            self.charge = charge
            self.paymentMethod = paymentMethod
        }

        /// The most particular code there is.
        public var reason: String { declineCode ?? code ?? "payment_failed" }

        enum CodingKeys: String, CodingKey {
            case code
            case declineCode = "decline_code"
            case charge
            case paymentMethod = "payment_method"
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            code = try container.decodeIfPresent(String.self, forKey: .code)
            declineCode = try container.decodeIfPresent(String.self, forKey: .declineCode)
            charge = try container.decodeIfPresent(StripeReference.self, forKey: .charge)?.id
            paymentMethod = try container.decodeIfPresent(StripeReference.self, forKey: .paymentMethod)?.id
        }
    }

    public let id: String
    public let status: Status
    /// Minor units.
    public let amount: Int64
    /// Minor units that have come.
    public let amountReceived: Int64
    /// In lower case, as Stripe writes it.
    public let currency: String
    public let livemode: Bool
    /// Only our own keys; see ``metadataKeys``.
    public let metadata: [String: String]
    /// Our order; nil for what another application made in the same account, also when it names its own orders so.
    var orderID: UUID? { metadata["order_id"].flatMap(UUID.init(uuidString:)) }
    public let latestCharge: String?
    public let lastFailure: Failure?
    public let cancellationReason: String?

    public init(
        id: String, status: Status, amount: Int64, amountReceived: Int64 = 0, currency: String, livemode: Bool = false,
        metadata: [String: String] = [:], latestCharge: String? = nil, lastFailure: Failure? = nil,
        cancellationReason: String? = nil
    ) {
        self.id = id
        self.status = status
        self.amount = amount
        self.amountReceived = amountReceived
        self.currency = currency
        self.livemode = livemode
        self.metadata = metadata
        self.latestCharge = latestCharge
        self.lastFailure = lastFailure
        self.cancellationReason = cancellationReason
    }

    /// The metadata that this service writes, and reads.
    public static let metadataKeys: Set<String> = ["order_id", "saga_id", "payment_id", "attempt_id", "refund_id"]

    /// The failed try that it tells of; nil when it tells of none.
    /// - Parameter time: when the try failed, when an event says so.
    func failedTry(at time: Date?) -> FailedTry? {
        guard let lastFailure else { return nil }
        if let charge = lastFailure.charge { return FailedTry(key: charge, reason: lastFailure.reason) }
        let key =
            lastFailure.paymentMethod.map { "\($0):\(lastFailure.reason)" } ?? lastFailure.reason
        return FailedTry(
            key: key, reason: lastFailure.reason,
            timedKey: time.map { "\(key)@\(Int64($0.timeIntervalSince1970))" })
    }

    enum CodingKeys: String, CodingKey {
        case id, status, amount, currency, livemode, metadata
        case amountReceived = "amount_received"
        case latestCharge = "latest_charge"
        case lastFailure = "last_payment_error"
        case cancellationReason = "cancellation_reason"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        status = try container.decode(Status.self, forKey: .status)
        amount = try container.decode(Int64.self, forKey: .amount)
        amountReceived = try container.decodeIfPresent(Int64.self, forKey: .amountReceived) ?? 0
        currency = try container.decode(String.self, forKey: .currency)
        livemode = try container.decode(Bool.self, forKey: .livemode)
        metadata = (try container.decodeIfPresent([String: String].self, forKey: .metadata) ?? [:])
            .filter { Self.metadataKeys.contains($0.key) }
        latestCharge = try container.decodeIfPresent(StripeReference.self, forKey: .latestCharge)?.id
        lastFailure = try container.decodeIfPresent(Failure.self, forKey: .lastFailure)
        cancellationReason = try container.decodeIfPresent(String.self, forKey: .cancellationReason)
    }
}
