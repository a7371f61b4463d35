/// A pull consumer's configuration. What is nil is the server's default when a consumer is created or updated.
public struct ConsumerConfiguration: Sendable, Hashable, Codable {
    public enum AckPolicy: String, Sendable, Hashable, Codable {
        case none, all, explicit
    }

    /// Where a new consumer starts.
    public enum DeliverPolicy: String, Sendable, Hashable, Codable {
        case all, last, new
        case byStartSequence = "by_start_sequence"
        case byStartTime = "by_start_time"
        case lastPerSubject = "last_per_subject"
    }

    /// The consumer's name; it outlives its clients.
    public var durableName: String?
    public var description: String?
    /// One subject, or several; not both. Neither: all subjects of the stream.
    public var filterSubject: String?
    public var filterSubjects: [String]?
    public var ackPolicy: AckPolicy?
    /// How long the server waits for an ack before it delivers again. The server's default is 30 s.
    public var ackWait: Duration?
    /// -1: no limit.
    public var maxDeliver: Int?
    /// The waits before the second, third … delivery, in place of ``ackWait``.
    public var backoff: [Duration]?
    /// How many messages may be delivered and not acked, over all clients. The server's default is 1,000.
    public var maxAckPending: Int?
    public var deliverPolicy: DeliverPolicy?
    /// With ``DeliverPolicy/byStartSequence``.
    public var startSequence: UInt64?
    /// How long the consumer may be without requests before the server deletes it; nil: for ever, if it is durable.
    public var inactiveThreshold: Duration?
    /// nil or 0: as many as the stream.
    public var replicas: Int?
    /// Without the keys that the server adds itself (`_nats.…`).
    public var metadata: [String: String]?

    public init(durableName: String? = nil, filterSubjects: [String]? = nil, ackPolicy: AckPolicy? = .explicit) {
        self.durableName = durableName
        self.filterSubjects = filterSubjects
        self.ackPolicy = ackPolicy
    }

    enum CodingKeys: String, CodingKey {
        case description, backoff, metadata
        case durableName = "durable_name"
        case filterSubject = "filter_subject"
        case filterSubjects = "filter_subjects"
        case ackPolicy = "ack_policy"
        case ackWait = "ack_wait"
        case maxDeliver = "max_deliver"
        case maxAckPending = "max_ack_pending"
        case deliverPolicy = "deliver_policy"
        case startSequence = "opt_start_seq"
        case inactiveThreshold = "inactive_threshold"
        case replicas = "num_replicas"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        durableName = try container.decodeIfPresent(String.self, forKey: .durableName)
        description = try container.decodeIfPresent(String.self, forKey: .description)
        filterSubject = try container.decodeIfPresent(String.self, forKey: .filterSubject)
        filterSubjects = try container.decodeIfPresent([String].self, forKey: .filterSubjects)
        ackPolicy = try container.decodeIfPresent(AckPolicy.self, forKey: .ackPolicy)
        ackWait = try container.decodeNanoseconds(.ackWait)
        maxDeliver = try container.decodeIfPresent(Int.self, forKey: .maxDeliver)
        backoff = try container.decodeIfPresent([Int64].self, forKey: .backoff)?.map { .nanoseconds($0) }
        maxAckPending = try container.decodeIfPresent(Int.self, forKey: .maxAckPending)
        deliverPolicy = try container.decodeIfPresent(DeliverPolicy.self, forKey: .deliverPolicy)
        startSequence = try container.decodeIfPresent(UInt64.self, forKey: .startSequence)
        inactiveThreshold = try container.decodeNanoseconds(.inactiveThreshold)
        replicas = try container.decodeIfPresent(Int.self, forKey: .replicas)
        metadata = try container.decodeMetadata(.metadata)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(durableName, forKey: .durableName)
        try container.encodeIfPresent(description, forKey: .description)
        try container.encodeIfPresent(filterSubject, forKey: .filterSubject)
        try container.encodeIfPresent(filterSubjects, forKey: .filterSubjects)
        try container.encodeIfPresent(ackPolicy, forKey: .ackPolicy)
        try container.encodeNanoseconds(ackWait, .ackWait)
        try container.encodeIfPresent(maxDeliver, forKey: .maxDeliver)
        try container.encodeIfPresent(backoff?.map(\.nanoseconds), forKey: .backoff)
        try container.encodeIfPresent(maxAckPending, forKey: .maxAckPending)
        try container.encodeIfPresent(deliverPolicy, forKey: .deliverPolicy)
        try container.encodeIfPresent(startSequence, forKey: .startSequence)
        try container.encodeNanoseconds(inactiveThreshold, .inactiveThreshold)
        try container.encodeIfPresent(replicas, forKey: .replicas)
        try container.encodeIfPresent(metadata, forKey: .metadata)
    }
}
