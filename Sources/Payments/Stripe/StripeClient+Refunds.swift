import NIOHTTP1

extension StripeClient {
    /// Gives money back.
    /// - Parameters:
    ///   - body: the form as it was persisted.
    ///   - idempotencyKey: the refund's id; at most 255 characters.
    public func createRefund(body: [UInt8], idempotencyKey: String) async throws -> StripeRefund {
        try await call("refunds.create", .POST, path("refunds"), body: body, idempotencyKey: idempotencyKey)
    }

    /// The refund as it is now.
    public func retrieveRefund(_ id: String) async throws -> StripeRefund {
        try await call("refunds.retrieve", .GET, path("refunds", id))
    }

    /// All refunds of a PaymentIntent, newest first.
    public func refunds(ofPaymentIntent id: String) async throws -> [StripeRefund] {
        var refunds: [StripeRefund] = []
        while true {
            var query = StripeForm()
            query.add("payment_intent", id)
            query.add("limit", 100)
            query.add("starting_after", refunds.last?.id)
            let page: StripeList<StripeRefund> = try await call(
                "refunds.list", .GET, path("refunds") + "?\(query.text)")
            refunds += page.data
            guard page.hasMore, !page.data.isEmpty else { return refunds }
        }
    }
}
