/// All objects as they are, for tests and for the curious.
public struct SandboxSnapshot: Codable, Sendable {
    public struct PaymentIntent: Codable, Sendable {
        public let id: String
        /// Stripe's status, such as `requires_payment_method`.
        public let status: String
        public let amount: Int64
        public let amountReceived: Int64
        /// In lower case.
        public let currency: String
        public let metadata: [String: String]
        public let latestCharge: String?
        public let cancellationReason: String?
        public let lastFailureCode: String?
        public let clientSecret: String
    }

    public struct Charge: Codable, Sendable {
        public let id: String
        public let paymentIntent: String
        public let amount: Int64
        /// What refunds that did not fail take.
        public let amountRefunded: Int64
        /// `succeeded`, `pending` or `failed`.
        public let status: String
    }

    public struct Refund: Codable, Sendable {
        public let id: String
        public let paymentIntent: String
        public let amount: Int64
        public let status: String
        public let metadata: [String: String]
    }

    public struct Event: Codable, Sendable {
        public let id: String
        public let type: String
        public let objectID: String
        /// Whether every endpoint answered 2xx.
        public let isDelivered: Bool
    }

    /// In the order of their creation, as the lists below.
    public let paymentIntents: [PaymentIntent]
    public let charges: [Charge]
    public let refunds: [Refund]
    public let events: [Event]
    /// How often each operation ran, such as `payment_intents.create`; replays are not counted.
    public let requests: [String: Int]
    /// How often an outcome was replayed under its idempotency key.
    public let replays: Int

    /// What was taken and not given back, over all charges of the PaymentIntents with this metadata.
    public func netCharged(metadata key: String, _ value: String) -> Int64 {
        let ids = Set(paymentIntents.filter { $0.metadata[key] == value }.map(\.id))
        return charges.filter { ids.contains($0.paymentIntent) && $0.status == "succeeded" }
            .reduce(0) { $0 + $1.amount - $1.amountRefunded }
    }

    init(_ ledger: SandboxLedger) {
        paymentIntents = ledger.intentOrder.compactMap { ledger.intents[$0] }.map {
            PaymentIntent(
                id: $0.id, status: $0.status.rawValue, amount: $0.amount, amountReceived: $0.amountReceived,
                currency: $0.currency, metadata: $0.metadata, latestCharge: $0.latestCharge,
                cancellationReason: $0.cancellationReason, lastFailureCode: $0.lastFailure?.code,
                clientSecret: $0.clientSecret)
        }
        charges = ledger.chargeOrder.compactMap { ledger.charges[$0] }.map {
            Charge(
                id: $0.id, paymentIntent: $0.paymentIntent, amount: $0.amount, amountRefunded: $0.amountRefunded,
                status: $0.status)
        }
        refunds = ledger.refundOrder.compactMap { ledger.refunds[$0] }.map {
            Refund(
                id: $0.id, paymentIntent: $0.paymentIntent, amount: $0.amount, status: $0.status.rawValue,
                metadata: $0.metadata)
        }
        events = ledger.events.map {
            Event(id: $0.id, type: $0.type, objectID: $0.objectID, isDelivered: $0.isDelivered)
        }
        requests = ledger.requestCounts
        replays = ledger.keys.replays
    }
}
