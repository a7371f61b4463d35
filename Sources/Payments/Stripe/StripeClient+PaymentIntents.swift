public import Foundation
import NIOHTTP1

extension StripeClient {
    /// Makes a PaymentIntent.
    /// - Parameters:
    ///   - body: the form as it was persisted.
    ///   - idempotencyKey: the attempt's id; at most 255 characters.
    public func createPaymentIntent(body: [UInt8], idempotencyKey: String) async throws -> StripePaymentIntent {
        try await call(
            "payment_intents.create", .POST, path("payment_intents"), body: body, idempotencyKey: idempotencyKey)
    }

    /// The PaymentIntent as it is now.
    public func retrievePaymentIntent(_ id: String) async throws -> StripePaymentIntent {
        try await call("payment_intents.retrieve", .GET, path("payment_intents", id))
    }

    /// Confirms a PaymentIntent with the payment method that the body names. A decline is a ``StripeError`` of the kind
    /// `card` that carries the PaymentIntent.
    public func confirmPaymentIntent(
        _ id: String, body: [UInt8], idempotencyKey: String
    ) async throws -> StripePaymentIntent {
        try await call(
            "payment_intents.confirm", .POST, path("payment_intents", id, "confirm"), body: body,
            idempotencyKey: idempotencyKey)
    }

    /// Cancels a PaymentIntent. One that has ended, or is being processed, is refused with
    /// `payment_intent_unexpected_state` and the PaymentIntent as it is.
    public func cancelPaymentIntent(
        _ id: String, body: [UInt8], idempotencyKey: String
    ) async throws -> StripePaymentIntent {
        try await call(
            "payment_intents.cancel", .POST, path("payment_intents", id, "cancel"), body: body,
            idempotencyKey: idempotencyKey)
    }

    /// One page of the PaymentIntents, newest first.
    /// - Parameters:
    ///   - createdSince: the earliest to be listed, in whole seconds.
    ///   - startingAfter: the last one of the page before.
    ///   - limit: 1 to 100.
    public func listPaymentIntents(
        createdSince: Date? = nil, startingAfter: String? = nil, limit: Int = 100
    ) async throws -> StripeList<StripePaymentIntent> {
        var query = StripeForm()
        query.add("limit", Int64(limit))
        query.add("created[gte]", createdSince.map { String(Int64($0.timeIntervalSince1970)) })
        query.add("starting_after", startingAfter)
        return try await call("payment_intents.list", .GET, path("payment_intents") + "?\(query.text)")
    }

    /// What a customer's browser needs to pay. It is asked for each time, and never kept: see the facts about the client
    /// secret in docs/payments.md.
    public func clientSecret(of id: String) async throws -> StripeClientSecret {
        try await call("payment_intents.retrieve", .GET, path("payment_intents", id))
    }
}
