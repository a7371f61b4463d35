import NIOHTTP1

/// Which events are listed.
/// Source: https://docs.stripe.com/api/events/list
public struct StripeEventQuery: Sendable {
    /// At most 20.
    public var types: [String]
    /// Only those that every endpoint answered with 2xx, or only the others.
    public var deliverySuccess: Bool?
    /// Only those newer than this event; the page holds the oldest of them.
    public var endingBefore: String?
    /// Only those older than this event.
    public var startingAfter: String?
    /// The earliest, in unix seconds. Events are kept for 30 days.
    public var createdSince: Int64?
    /// The first that is too late, in unix seconds.
    public var createdBefore: Int64?
    /// 1 to 100.
    public var limit: Int

    public init(
        types: [String] = [], deliverySuccess: Bool? = nil, endingBefore: String? = nil, startingAfter: String? = nil,
        createdSince: Int64? = nil, createdBefore: Int64? = nil, limit: Int = 100
    ) {
        self.types = types
        self.deliverySuccess = deliverySuccess
        self.endingBefore = endingBefore
        self.startingAfter = startingAfter
        self.createdSince = createdSince
        self.createdBefore = createdBefore
        self.limit = limit
    }
}

extension StripeClient {
    /// One page of the events, newest first.
    public func listEvents(_ query: StripeEventQuery) async throws -> StripeList<StripeEvent> {
        var form = StripeForm()
        form.add("limit", Int64(query.limit))
        for type in query.types { form.add("types[]", type) }
        form.add("delivery_success", query.deliverySuccess.map(String.init))
        form.add("ending_before", query.endingBefore)
        form.add("starting_after", query.startingAfter)
        form.add("created[gte]", query.createdSince.map(String.init))
        form.add("created[lt]", query.createdBefore.map(String.init))
        return try await call("events.list", .GET, path("events") + "?\(form.text)")
    }

    /// One event.
    public func retrieveEvent(_ id: String) async throws -> StripeEvent {
        try await call("events.retrieve", .GET, path("events", id))
    }
}
