import NIOHTTP1

extension StripeClient {
    /// Gives money back.
    /// - Parameters:
    ///   - body: the form as it was persisted.
    ///   - idempotencyKey: the refund's id; at most 255 characters.
    public func createRefund(body: [UInt8], idempotencyKey: String) async throws -> StripeRefund {
        try await call("refunds.create", .POST, path("refunds"), body: body, idempotencyKey: idempotencyKey)
    }

    /// A charge, as far as it tells where it belongs.
    public func retrieveCharge(_ id: String) async throws -> StripeCharge {
        try await call("charges.retrieve", .GET, path("charges", id))
    }

    /// The refund as it is now.
    public func retrieveRefund(_ id: String) async throws -> StripeRefund {
        try await call("refunds.retrieve", .GET, path("refunds", id))
    }

    /// All refunds of a PaymentIntent, newest first. One that cannot be read is an error: taken for absent, it would be made
    /// again.
    public func refunds(ofPaymentIntent id: String) async throws -> [StripeRefund] {
        var refunds: [StripeRefund] = []
        var last: String?
        while true {
            var query = StripeForm()
            query.add("payment_intent", id)
            query.add("limit", 100)
            query.add("starting_after", last)
            let page: StripeList<StripeRefund> = try await call(
                "refunds.list", .GET, path("refunds") + "?\(query.text)")
            guard page.unreadable.isEmpty else { throw StripeError(.malformed, operation: "refunds.list") }
            refunds += page.data
            last = page.lastID
            guard page.hasMore, last != nil else { return refunds }
        }
    }
}
