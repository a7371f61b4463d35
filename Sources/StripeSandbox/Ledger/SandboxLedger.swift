/// All that the stand-in knows. Plain state: each operation is a synchronous function over it, and what is to be
/// delivered, timed or written down is left in ``work`` and ``entries`` for the engine to take.
struct SandboxLedger: Sendable {
    /// What came of an operation and has to be done outside.
    enum Work: Sendable {
        case deliver(event: String, endpoint: WebhookEndpoint, after: Duration)
        /// Delivered behind the endpoint's next event, or when the time is over.
        case deliverBehindNext(event: String, endpoint: WebhookEndpoint, atMost: Duration)
        case settleIntent(String, succeeds: Bool, after: Duration)
        case settleRefund(String, succeeds: Bool, after: Duration)
    }

    /// Who called, as events tell it.
    struct Call: Sendable {
        let requestID: String?
        let idempotencyKey: String?
        let apiVersion: String
        /// Set when the caller is a browser, which may only use the PaymentIntent whose secret it has.
        var clientSecret: String?
        var isBrowser = false
    }

    let apiVersion: String
    let settleDelay: Duration
    var webhooks: [WebhookEndpoint]
    var faults: FaultInjector
    var keys = IdempotencyCache()

    private(set) var intents: [String: PaymentIntentRecord] = [:]
    private(set) var intentOrder: [String] = []
    private(set) var charges: [String: ChargeRecord] = [:]
    private(set) var chargeOrder: [String] = []
    private(set) var refunds: [String: RefundRecord] = [:]
    private(set) var refundOrder: [String] = []
    private(set) var events: [EventRecord] = []
    private var eventSequences: [String: Int64] = [:]
    private(set) var requestCounts: [String: Int] = [:]

    private var generator: SeededGenerator
    private var sequence: Int64 = 0
    /// Unix seconds.
    let clock: @Sendable () -> Int64

    var work: [Work] = []
    var entries: [JournalEntry] = []

    /// How many events are kept; Stripe keeps thirty days of them.
    static let eventLimit = 500_000

    init(
        _ configuration: StripeSandboxConfiguration, seed: UInt64,
        clock: @escaping @Sendable () -> Int64 = UnixTime.now
    ) {
        self.clock = clock
        apiVersion = configuration.apiVersion
        settleDelay = configuration.settleDelay
        webhooks = configuration.webhooks
        generator = SeededGenerator(seed: seed)
        faults = FaultInjector(faults: configuration.faults, seed: seed ^ 0xFA17)
    }

    mutating func identifier(_ prefix: String, length: Int = 24) -> String {
        generator.identifier(prefix, length: length)
    }

    mutating func nextSequence() -> Int64 {
        sequence += 1
        return sequence
    }

    mutating func count(_ operation: String) { requestCounts[operation, default: 0] += 1 }

    // MARK: Records

    mutating func save(_ intent: PaymentIntentRecord) {
        if intents.updateValue(intent, forKey: intent.id) == nil { intentOrder.append(intent.id) }
        sequence = max(sequence, intent.sequence)
        entries.append(.intent(intent))
    }

    mutating func save(_ charge: ChargeRecord) {
        if charges.updateValue(charge, forKey: charge.id) == nil { chargeOrder.append(charge.id) }
        sequence = max(sequence, charge.sequence)
        entries.append(.charge(charge))
    }

    mutating func save(_ refund: RefundRecord) {
        if refunds.updateValue(refund, forKey: refund.id) == nil { refundOrder.append(refund.id) }
        sequence = max(sequence, refund.sequence)
        entries.append(.refund(refund))
    }

    mutating func save(_ event: EventRecord) {
        if let index = index(ofEvent: event.id) {
            events[index] = event
        } else {
            events.append(event)
            eventSequences[event.id] = event.sequence
            if events.count > Self.eventLimit + 10_000 {
                for old in events.prefix(10_000) { eventSequences[old.id] = nil }
                events.removeFirst(10_000)
            }
        }
        sequence = max(sequence, event.sequence)
        entries.append(.event(event))
    }

    func event(_ id: String) -> EventRecord? { index(ofEvent: id).map { events[$0] } }

    /// Events are in the order of their sequence, so that a cursor is found by halving.
    func index(ofEvent id: String) -> Int? {
        guard let wanted = eventSequences[id] else { return nil }
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].sequence < wanted { low = middle + 1 } else { high = middle }
        }
        return low < events.count && events[low].id == id ? low : nil
    }

    mutating func forgetAll() {
        intents = [:]
        intentOrder = []
        charges = [:]
        chargeOrder = []
        refunds = [:]
        refundOrder = []
        events = []
        eventSequences = [:]
        requestCounts = [:]
        keys = IdempotencyCache()
        work = []
        entries = []
    }
}
