public import Foundation

/// What the reply subject of a delivered message says of it. Source: ADR-15 and `server/consumer.go` of nats-server.
public struct DeliveryMetadata: Sendable, Hashable {
    public let stream: String
    public let consumer: String
    /// nil unless the server has a JetStream domain.
    public let domain: String?
    public let streamSequence: UInt64
    public let consumerSequence: UInt64
    /// 1 for the first delivery.
    public let deliveryCount: Int
    /// How many more messages waited for this consumer when this one was sent.
    public let pending: UInt64
    /// When the message was stored, in nanoseconds since 1970.
    public let nanoseconds: Int64

    /// When the message was stored.
    public var timestamp: Date { Date(timeIntervalSince1970: Double(nanoseconds) / 1e9) }

    /// Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, or the longer
    /// form with `<domain>.<account>` after `$JS.ACK` and perhaps a random token at the end. nil for anything else.
    public init?(ackSubject: String) {
        let tokens = ackSubject.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard tokens.count >= 9, tokens[0].elementsEqual("$JS".utf8), tokens[1].elementsEqual("ACK".utf8) else {
            return nil
        }
        var start = 2
        var domain: String?
        if tokens.count >= 11 {
            domain = String(Substring(tokens[2]))
            start = 4
        } else if tokens.count != 9 {
            return nil
        }
        func number<Number: FixedWidthInteger>(_ index: Int) -> Number? {
            Number(Substring(tokens[start + index]))
        }
        guard let deliveryCount: Int = number(2), let streamSequence: UInt64 = number(3),
            let consumerSequence: UInt64 = number(4), let nanoseconds: Int64 = number(5),
            let pending: UInt64 = number(6)
        else { return nil }
        self.domain = domain == "_" ? nil : domain
        stream = String(Substring(tokens[start]))
        consumer = String(Substring(tokens[start + 1]))
        self.deliveryCount = deliveryCount
        self.streamSequence = streamSequence
        self.consumerSequence = consumerSequence
        self.nanoseconds = nanoseconds
        self.pending = pending
    }
}
