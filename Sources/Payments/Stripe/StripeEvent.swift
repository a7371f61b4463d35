import Contracts
public import Foundation
import Outbox

/// An event of Stripe's, snapshot or thin, with what this service reads of its object. Encoded again it is the same
/// event without anything else: that is how it is stored.
/// Source: https://docs.stripe.com/api/events/object, https://docs.stripe.com/api/v2/core/events
public struct StripeEvent: Codable, Sendable, Hashable {
    /// What the event is about.
    public enum Subject: Sendable, Hashable {
        case paymentIntent(StripePaymentIntent)
        case refund(StripeRefund)
        /// The amount is what was given back of the charge so far, in minor units.
        case charge(id: String, paymentIntent: String?, amountRefunded: Int64)
        /// Only named: the event is thin, or about something that this service does not read.
        case named(kind: String, id: String?)
    }

    /// At most 255 characters.
    public let id: String
    /// Without the `v1.` that thin events put before it.
    public let type: String
    /// Not to be used for ordering: events come in any order, and several in one second.
    public let created: Date
    public let livemode: Bool
    public let isThin: Bool
    public let subject: Subject

    public init(id: String, type: String, created: Date, livemode: Bool, isThin: Bool, subject: Subject) {
        self.id = id
        self.type = type
        self.created = created
        self.livemode = livemode
        self.isThin = isThin
        self.subject = subject
    }

    /// The PaymentIntent it is about, as far as the event tells.
    public var paymentIntentID: String? {
        switch subject {
        case .paymentIntent(let intent): intent.id
        case .refund(let refund): refund.paymentIntent
        case .charge(_, let intent, _): intent
        case .named("payment_intent", let id): id
        case .named: nil
        }
    }

    /// The refund it is about.
    public var refundID: String? {
        switch subject {
        case .refund(let refund): refund.id
        case .named("refund", let id): id
        default: nil
        }
    }

    /// The charge it is about, when the event tells no more of it.
    public var namedChargeID: String? {
        if case .named("charge", let id) = subject { id } else { nil }
    }

    /// Whether it shows a PaymentIntent, and with it whose that is.
    var showsPaymentIntent: Bool {
        if case .paymentIntent = subject { true } else { false }
    }

    /// When the try failed that it tells of; nil when it tells of none.
    var failedAt: Date? { type == "payment_intent.payment_failed" ? created : nil }
}

extension StripeEvent {
    private enum Keys: String, CodingKey {
        case id, object, type, created, livemode, data
        case relatedObject = "related_object"
    }

    private enum DataKeys: String, CodingKey { case object }

    private enum ChargeKeys: String, CodingKey {
        case id, object
        case paymentIntent = "payment_intent"
        case amountRefunded = "amount_refunded"
    }

    private struct Named: Codable {
        let id: String?
        let object: String?
        let type: String?
    }

    private static let thinObject = "v2.core.event"

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        id = try container.decode(String.self, forKey: .id)
        guard (1...255).contains(id.count) else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: "not an event's id")
        }
        isThin = try container.decode(String.self, forKey: .object) == Self.thinObject
        livemode = try container.decode(Bool.self, forKey: .livemode)
        let type = try container.decode(String.self, forKey: .type)
        guard (1...255).contains(type.count) else {
            throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "not a type")
        }
        if isThin {
            self.type = type.hasPrefix("v1.") ? String(type.dropFirst(3)) : type
            created = try Self.date(container.decode(String.self, forKey: .created), container)
            let related = try container.decodeIfPresent(Named.self, forKey: .relatedObject)
            subject = .named(kind: related?.type ?? "", id: related?.id)
        } else {
            self.type = type
            let seconds = try container.decode(Int64.self, forKey: .created)
            created = try Self.whole(Date(timeIntervalSince1970: TimeInterval(seconds)), container)
            let data = try container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
            subject = try Self.subject(data)
        }
        // Postgres' text takes none of these: refused here, the event would not be kept as failed either.
        let texts = [id, self.type, paymentIntentID, refundID].compactMap { $0 }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .id, in: container, debugDescription: "a name with a NUL character")
        }
    }

    private static func date(_ text: String, _ container: KeyedDecodingContainer<Keys>) throws -> Date {
        guard let date = ContractsJSON.date(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: .created, in: container, debugDescription: "not an ISO 8601 date and time")
        }
        return try whole(date, container)
    }

    /// Up to the year 9999: what lies beyond is a mistake, and would be too large for what is counted from it.
    private static let latest: TimeInterval = 253_402_300_799

    /// In whole seconds, as it is encoded again.
    private static func whole(_ date: Date, _ container: KeyedDecodingContainer<Keys>) throws -> Date {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        guard (0...latest).contains(seconds) else {
            throw DecodingError.dataCorruptedError(
                forKey: .created, in: container, debugDescription: "not a time of the years 1970 to 9999")
        }
        return Date(timeIntervalSince1970: seconds)
    }

    /// An object that cannot be read as what it says it is, such as one in a status that is new at Stripe, is only named:
    /// so that it is asked for again, and does not keep others from being read.
    private static func subject(_ data: KeyedDecodingContainer<DataKeys>) throws -> Subject {
        let named = try data.decode(Named.self, forKey: .object)
        do {
            return try read(named, data)
        } catch {
            guard let id = named.id, let kind = named.object else { throw error }
            return .named(kind: kind, id: id)
        }
    }

    private static func read(_ named: Named, _ data: KeyedDecodingContainer<DataKeys>) throws -> Subject {
        switch named.object {
        case "payment_intent": return .paymentIntent(try data.decode(StripePaymentIntent.self, forKey: .object))
        case "refund": return .refund(try data.decode(StripeRefund.self, forKey: .object))
        case "charge":
            let charge = try data.nestedContainer(keyedBy: ChargeKeys.self, forKey: .object)
            return .charge(
                id: try charge.decode(String.self, forKey: .id),
                paymentIntent: try charge.decodeIfPresent(StripeReference.self, forKey: .paymentIntent)?.id,
                // Without it the charge is only named, and its PaymentIntent is asked for.
                amountRefunded: try charge.decode(Int64.self, forKey: .amountRefunded))
        default: return .named(kind: named.object ?? "", id: named.id)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(id, forKey: .id)
        try container.encode(livemode, forKey: .livemode)
        guard !isThin else {
            try container.encode(Self.thinObject, forKey: .object)
            try container.encode("v1.\(type)", forKey: .type)
            try container.encode(created.formatted(.iso8601), forKey: .created)
            if case .named(let kind, let id) = subject {
                try container.encode(Named(id: id, object: nil, type: kind), forKey: .relatedObject)
            }
            return
        }
        try container.encode("event", forKey: .object)
        try container.encode(type, forKey: .type)
        try container.encode(Int64(created.timeIntervalSince1970), forKey: .created)
        var data = container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
        switch subject {
        case .paymentIntent(let intent):
            try data.encode(Kinded(object: "payment_intent", value: intent), forKey: .object)
        case .refund(let refund):
            try data.encode(Kinded(object: "refund", value: refund), forKey: .object)
        case .charge(let id, let intent, let refunded):
            var charge = data.nestedContainer(keyedBy: ChargeKeys.self, forKey: .object)
            try charge.encode("charge", forKey: .object)
            try charge.encode(id, forKey: .id)
            try charge.encodeIfPresent(intent, forKey: .paymentIntent)
            try charge.encode(refunded, forKey: .amountRefunded)
        case .named(let kind, let id):
            try data.encode(Named(id: id, object: kind, type: nil), forKey: .object)
        }
    }

    /// An object with the name of its kind.
    private struct Kinded<Value: Encodable>: Encodable {
        let object: String
        let value: Value

        private enum Key: String, CodingKey { case object }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(object, forKey: .object)
            try value.encode(to: encoder)
        }
    }
}
