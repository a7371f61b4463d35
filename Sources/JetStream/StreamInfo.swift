public import Foundation

/// A stream as the server describes it.
public struct StreamInfo: Sendable, Decodable {
    public let configuration: StreamConfiguration
    public let created: Date
    public let state: State
    /// The server that leads the stream; nil without a cluster, or while there is no leader.
    public let leader: String?

    /// What is in the stream.
    public struct State: Sendable, Hashable, Decodable {
        public let messages: UInt64
        public let bytes: UInt64
        /// Of the oldest message that is still there.
        public let firstSequence: UInt64
        /// The last sequence ever given: deleting, purging and ageing out do not lower it. 0: none yet.
        public let lastSequence: UInt64
        public let consumers: Int
        public let deleted: Int
        /// When the oldest and the last message were stored; nil if there is none.
        public let firstTime: Date?
        public let lastTime: Date?

        enum CodingKeys: String, CodingKey {
            case messages, bytes
            case firstSequence = "first_seq"
            case lastSequence = "last_seq"
            case consumers = "consumer_count"
            case deleted = "num_deleted"
            case firstTime = "first_ts"
            case lastTime = "last_ts"
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            messages = try container.decode(UInt64.self, forKey: .messages)
            bytes = try container.decode(UInt64.self, forKey: .bytes)
            firstSequence = try container.decode(UInt64.self, forKey: .firstSequence)
            lastSequence = try container.decode(UInt64.self, forKey: .lastSequence)
            consumers = try container.decodeIfPresent(Int.self, forKey: .consumers) ?? 0
            deleted = try container.decodeIfPresent(Int.self, forKey: .deleted) ?? 0
            firstTime = try container.decodeTime(.firstTime)
            lastTime = try container.decodeTime(.lastTime)
        }
    }

    enum CodingKeys: String, CodingKey {
        case config, created, state, cluster
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        configuration = try container.decode(StreamConfiguration.self, forKey: .config)
        created = try container.decodeTime(.created) ?? .distantPast
        state = try container.decode(State.self, forKey: .state)
        leader = try container.decodeIfPresent(ClusterInfo.self, forKey: .cluster)?.leader
    }
}

/// Who leads a stream or consumer in a cluster.
struct ClusterInfo: Decodable {
    let leader: String?
}
