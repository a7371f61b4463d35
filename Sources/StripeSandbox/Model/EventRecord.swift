/// An event: what happened to an object, with the object as it was then.
/// Source of the shape: https://docs.stripe.com/api/events/object
struct EventRecord: Codable, Sendable {
    let id: String
    let sequence: Int64
    let created: Int64
    let apiVersion: String
    let type: String
    let objectID: String
    /// Such as `payment_intent`.
    let objectKind: String
    /// The object's snapshot, as JSON.
    let object: String
    /// What changed, as JSON; only on `*.updated`.
    let previousAttributes: String?
    let requestID: String?
    let idempotencyKey: String?
    /// The endpoints that have not answered 2xx yet, by URL.
    var undelivered: Set<String>

    var isDelivered: Bool { undelivered.isEmpty }

    var json: JSONValue {
        var data: [String: JSONValue] = ["object": .raw(object)]
        if let previousAttributes { data["previous_attributes"] = .raw(previousAttributes) }
        return [
            "id": .string(id), "object": "event",
            "api_version": .string(apiVersion),
            "created": .int(created),
            "data": .object(data),
            "livemode": false,
            "pending_webhooks": .int(Int64(undelivered.count)),
            "request": ["id": .optional(requestID), "idempotency_key": .optional(idempotencyKey)],
            "type": .string(type),
        ]
    }

    /// The event as a thin one: it only names its object.
    /// Source: https://docs.stripe.com/api/v2/core/events
    var thinJSON: JSONValue {
        [
            "id": .string(id), "object": "v2.core.event",
            "created": .string(UnixTime.text(created)),
            "livemode": false,
            "reason": [
                "type": "request",
                "request": ["id": .optional(requestID), "idempotency_key": .optional(idempotencyKey)],
            ],
            "related_object": [
                "id": .string(objectID), "type": .string(objectKind),
                "url": .string("/v1/\(objectKind)s/\(objectID)"),
            ],
            "type": .string("v1.\(type)"),
        ]
    }
}
