extension SandboxLedger {
    /// Records an event and plans its deliveries, with the faults that hit them.
    mutating func emit(
        _ type: String, _ object: JSONValue, id: String, kind: String, call: Call, previous: JSONValue? = nil
    ) {
        let endpoints = webhooks.filter { $0.takes(type) }
        let event = EventRecord(
            id: identifier("evt"), sequence: nextSequence(), created: clock(), apiVersion: apiVersion,
            type: type, objectID: id, objectKind: kind, object: object.text, previousAttributes: previous?.text,
            requestID: call.requestID, idempotencyKey: call.idempotencyKey, undelivered: Set(endpoints.map(\.url)))
        save(event)
        for endpoint in endpoints { plan(event, to: endpoint) }
    }

    private mutating func plan(_ event: EventRecord, to endpoint: WebhookEndpoint) {
        var after = Duration.zero
        var isLost = false
        var behindNext: Duration?
        for fault in faults.delivery(event.type) {
            switch fault.effect {
            case .webhookLoss: isLost = true
            case .webhookDelay: after += faults.time(fault)
            case .webhookReorder: behindNext = faults.time(fault)
            case .webhookDuplicate:
                work.append(.deliver(event: event.id, endpoint: endpoint, after: faults.time(fault)))
            case .webhookTwin:
                let twin = EventRecord(
                    id: identifier("evt"), sequence: nextSequence(), created: event.created,
                    apiVersion: event.apiVersion, type: event.type, objectID: event.objectID,
                    objectKind: event.objectKind, object: event.object, previousAttributes: event.previousAttributes,
                    requestID: event.requestID, idempotencyKey: event.idempotencyKey, undelivered: [endpoint.url])
                save(twin)
                work.append(.deliver(event: twin.id, endpoint: endpoint, after: faults.time(fault)))
            default: break
            }
        }
        if isLost { return }
        if let behindNext {
            work.append(.deliverBehindNext(event: event.id, endpoint: endpoint, atMost: behindNext))
        } else {
            work.append(.deliver(event: event.id, endpoint: endpoint, after: after))
        }
    }

    /// Notes that an endpoint answered 2xx.
    mutating func delivered(_ id: String, to url: String) {
        guard let index = index(ofEvent: id), events[index].undelivered.contains(url) else { return }
        var event = events[index]
        event.undelivered.remove(url)
        save(event)
    }

    /// Delivers an event again to all endpoints that take its type.
    mutating func resend(_ id: String) throws(StripeAPIError) {
        guard let event = event(id) else { throw .notFound("event", id, parameter: "id") }
        for endpoint in webhooks where endpoint.takes(event.type) {
            work.append(.deliver(event: id, endpoint: endpoint, after: .zero))
        }
    }

    func retrieveEvent(_ id: String) throws(StripeAPIError) -> JSONValue {
        guard let event = event(id) else { throw .notFound("event", id, parameter: "id") }
        return event.json
    }

    func listEvents(_ parameters: FormParameters) throws(StripeAPIError) -> JSONValue {
        let types = Set(parameters.list("types") + [parameters.string("type")].compactMap { $0 })
        if types.count > 20 { throw .invalid("You may pass at most 20 types.", parameter: "types") }
        let delivery = parameters.string("delivery_success").map { $0 == "true" }
        let page = try ListPage(parameters)
        return try page.answer(
            path: "/v1/events", count: events.count,
            indexOf: { id throws(StripeAPIError) in
                guard let index = index(ofEvent: id) else { throw .notFound("event", id, parameter: "ending_before") }
                return index
            },
            created: { events[$0].created },
            matches: { index in
                let event = events[index]
                return (types.isEmpty || types.contains { Self.covers($0, event.type) })
                    && (delivery == nil || delivery == event.isDelivered)
            },
            json: { events[$0].json })
    }

    /// `charge.*` stands for all types of a group.
    private static func covers(_ pattern: String, _ type: String) -> Bool {
        pattern.hasSuffix("*") ? type.hasPrefix(pattern.dropLast()) : pattern == type
    }
}
