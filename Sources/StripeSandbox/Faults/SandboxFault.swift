/// Something that goes wrong on demand.
public struct SandboxFault: Codable, Sendable, Hashable {
    /// What goes wrong, and at which point.
    public enum Effect: String, Codable, Sendable, CaseIterable {
        /// The answer takes longer.
        case latency
        /// 5xx, and nothing took place.
        case serverErrorBefore
        /// 5xx, although it took place.
        case serverErrorAfter
        /// 429 `rate_limit`; nothing took place.
        case rateLimit
        /// 429 `lock_timeout`; nothing took place.
        case lockTimeout
        /// The connection is closed without an answer; nothing took place.
        case closeBefore
        /// The connection is closed without an answer, although it took place.
        case closeAfter
        /// No answer for as long as the fault says, then closed; nothing took place.
        case hangBefore
        /// No answer for as long as the fault says, then closed, although it took place.
        case hangAfter
        /// A delivery comes twice.
        case webhookDuplicate
        /// One change gives two events of different ids.
        case webhookTwin
        /// A delivery comes later.
        case webhookDelay
        /// A delivery comes behind the one after it.
        case webhookReorder
        /// A delivery never comes.
        case webhookLoss

        var isWebhook: Bool { rawValue.hasPrefix("webhook") }
    }

    public var effect: Effect
    /// The operation, such as `payment_intents.create`, or for deliveries the event's type; nil hits all.
    public var target: String?
    /// How likely it is each time, from 0 to 1.
    public var probability: Double
    /// How often at most; nil for ever.
    public var count: Int?
    /// The least time of what takes time, in milliseconds.
    public var minimumMilliseconds: Int
    /// The most time of what takes time, in milliseconds.
    public var maximumMilliseconds: Int
    /// The status of a server error.
    public var status: Int
    /// Whether a server error is the outcome that the idempotency key keeps, as Stripe does it with its own 500s. One
    /// that is not kept is a gateway's: the next try with the same key gets the true outcome.
    public var isRemembered: Bool

    public init(
        _ effect: Effect,
        target: String? = nil,
        probability: Double = 1,
        count: Int? = nil,
        milliseconds: ClosedRange<Int>? = nil,
        status: Int = 500,
        isRemembered: Bool = true
    ) {
        let time = milliseconds ?? Self.defaultMilliseconds(effect)
        self.effect = effect
        self.target = target
        self.probability = probability
        self.count = count
        self.minimumMilliseconds = time.lowerBound
        self.maximumMilliseconds = time.upperBound
        self.status = status
        self.isRemembered = isRemembered
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        effect = try container.decode(Effect.self, forKey: .effect)
        target = try container.decodeIfPresent(String.self, forKey: .target)
        probability = try container.decodeIfPresent(Double.self, forKey: .probability) ?? 1
        count = try container.decodeIfPresent(Int.self, forKey: .count)
        let time = Self.defaultMilliseconds(effect)
        let minimum = try container.decodeIfPresent(Int.self, forKey: .minimumMilliseconds) ?? time.lowerBound
        minimumMilliseconds = max(0, minimum)
        maximumMilliseconds = max(
            minimumMilliseconds, try container.decodeIfPresent(Int.self, forKey: .maximumMilliseconds) ?? minimum)
        status = try container.decodeIfPresent(Int.self, forKey: .status) ?? 500
        isRemembered = try container.decodeIfPresent(Bool.self, forKey: .isRemembered) ?? true
    }

    private static func defaultMilliseconds(_ effect: Effect) -> ClosedRange<Int> {
        switch effect {
        case .hangBefore, .hangAfter: 60_000...60_000
        case .webhookReorder: 1_000...1_000
        default: 100...100
        }
    }
}
