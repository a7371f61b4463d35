public import Foundation

/// A consumer as the server describes it.
public struct ConsumerInfo: Sendable, Decodable {
    public let stream: String
    public let name: String
    public let created: Date
    public let configuration: ConsumerConfiguration
    /// The last message delivered for the first time.
    public let delivered: Sequences
    /// Everything up to here is acked.
    public let ackFloor: Sequences
    /// Delivered and not acked.
    public let ackPending: Int
    /// Of those, delivered more than once.
    public let redelivered: Int
    /// In the stream and not delivered yet.
    public let pending: UInt64
    /// Pull requests that wait for messages.
    public let waiting: Int

    public struct Sequences: Sendable, Hashable, Decodable {
        public let consumer: UInt64
        public let stream: UInt64

        enum CodingKeys: String, CodingKey {
            case consumer = "consumer_seq"
            case stream = "stream_seq"
        }
    }

    enum CodingKeys: String, CodingKey {
        case name, created, config, delivered
        case stream = "stream_name"
        case ackFloor = "ack_floor"
        case ackPending = "num_ack_pending"
        case redelivered = "num_redelivered"
        case pending = "num_pending"
        case waiting = "num_waiting"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        stream = try container.decode(String.self, forKey: .stream)
        name = try container.decode(String.self, forKey: .name)
        created = try container.decodeTime(.created) ?? .distantPast
        configuration = try container.decode(ConsumerConfiguration.self, forKey: .config)
        delivered = try container.decode(Sequences.self, forKey: .delivered)
        ackFloor = try container.decode(Sequences.self, forKey: .ackFloor)
        ackPending = try container.decodeIfPresent(Int.self, forKey: .ackPending) ?? 0
        redelivered = try container.decodeIfPresent(Int.self, forKey: .redelivered) ?? 0
        pending = try container.decodeIfPresent(UInt64.self, forKey: .pending) ?? 0
        waiting = try container.decodeIfPresent(Int.self, forKey: .waiting) ?? 0
    }
}
