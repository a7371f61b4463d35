/// A part of a line of the journal: a record as it became.
enum JournalEntry: Codable, Sendable {
    case intent(PaymentIntentRecord)
    case charge(ChargeRecord)
    case refund(RefundRecord)
    case event(EventRecord)
    case key(IdempotencyCache.Outcome)
}

extension SandboxLedger {
    /// Takes up what an earlier process had written down, and plans again what was not ended: deliveries without an
    /// answer, and what ends by itself.
    mutating func restore(_ journal: [JournalEntry]) {
        for entry in journal {
            switch entry {
            case .intent(let intent): save(intent)
            case .charge(let charge): save(charge)
            case .refund(let refund): save(refund)
            case .event(let event): save(event)
            case .key(let outcome): keys.restore(outcome)
            }
        }
        entries = []
        for intent in intents.values where intent.status == .processing {
            guard let ending = intent.ending, ending != .whenTold else { continue }
            work.append(.settleIntent(intent.id, succeeds: ending == .succeeds, after: settleDelay))
        }
        for refund in refunds.values {
            guard let ending = refund.ending, ending != .whenTold else { continue }
            work.append(.settleRefund(refund.id, succeeds: ending == .succeeds, after: settleDelay))
        }
        for event in events where !event.isDelivered {
            // The endpoints may have moved since: the ones there are now get what nobody got.
            let endpoints = webhooks.filter { $0.takes(event.type) }
            var moved = event
            moved.undelivered = Set(endpoints.map(\.url))
            save(moved)
            for endpoint in endpoints { work.append(.deliver(event: event.id, endpoint: endpoint, after: .zero)) }
        }
    }

    /// Everything as journal entries, in the order in which it must be read again.
    var allEntries: [JournalEntry] {
        intentOrder.compactMap { intents[$0].map(JournalEntry.intent) }
            + chargeOrder.compactMap { charges[$0].map(JournalEntry.charge) }
            + refundOrder.compactMap { refunds[$0].map(JournalEntry.refund) }
            + events.map(JournalEntry.event) + keys.all.map(JournalEntry.key)
    }
}
