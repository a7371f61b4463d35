/// A stream's configuration. What is nil is the server's default when a stream is created or updated.
public struct StreamConfiguration: Sendable, Hashable, Codable {
    public enum Retention: String, Sendable, Hashable, Codable {
        case limits, interest, workqueue
    }

    public enum Storage: String, Sendable, Hashable, Codable {
        case file, memory
    }

    /// What goes when a limit is reached: the oldest messages, or the new one (it is refused).
    public enum Discard: String, Sendable, Hashable, Codable {
        case old, new
    }

    /// Stores messages under another subject; `source` may have wildcards, `dest` refers to them as `{{wildcard(1)}}`.
    public struct SubjectTransform: Sendable, Hashable, Codable {
        public var source: String
        public var destination: String

        public init(source: String, destination: String) {
            self.source = source
            self.destination = destination
        }

        enum CodingKeys: String, CodingKey {
            case source = "src"
            case destination = "dest"
        }
    }

    public var name: String
    public var subjects: [String]?
    public var description: String?
    public var retention: Retention?
    public var storage: Storage?
    /// 1, 3 or 5.
    public var replicas: Int?
    /// Zero: no limit.
    public var maxAge: Duration?
    /// -1: no limit; so for the next three.
    public var maxBytes: Int64?
    public var maxMessages: Int64?
    /// In bytes, headers included.
    public var maxMessageSize: Int?
    public var maxMessagesPerSubject: Int64?
    public var maxConsumers: Int?
    /// How long `Nats-Msg-Id` is remembered. The server's default is 2 minutes.
    public var duplicateWindow: Duration?
    public var discard: Discard?
    public var denyDelete: Bool?
    public var denyPurge: Bool?
    public var allowRollup: Bool?
    public var allowDirect: Bool?
    /// Atomic batches: servers from 2.12 on.
    public var allowAtomic: Bool?
    /// Without the keys that the server adds itself (`_nats.…`).
    public var metadata: [String: String]?
    public var subjectTransform: SubjectTransform?

    public init(name: String, subjects: [String]? = nil) {
        self.name = name
        self.subjects = subjects
    }

    enum CodingKeys: String, CodingKey {
        case name, subjects, description, retention, storage, discard, metadata
        case replicas = "num_replicas"
        case maxAge = "max_age"
        case maxBytes = "max_bytes"
        case maxMessages = "max_msgs"
        case maxMessageSize = "max_msg_size"
        case maxMessagesPerSubject = "max_msgs_per_subject"
        case maxConsumers = "max_consumers"
        case duplicateWindow = "duplicate_window"
        case denyDelete = "deny_delete"
        case denyPurge = "deny_purge"
        case allowRollup = "allow_rollup_hdrs"
        case allowDirect = "allow_direct"
        case allowAtomic = "allow_atomic"
        case subjectTransform = "subject_transform"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        subjects = try container.decodeIfPresent([String].self, forKey: .subjects)
        description = try container.decodeIfPresent(String.self, forKey: .description)
        retention = try container.decodeIfPresent(Retention.self, forKey: .retention)
        storage = try container.decodeIfPresent(Storage.self, forKey: .storage)
        replicas = try container.decodeIfPresent(Int.self, forKey: .replicas)
        maxAge = try container.decodeNanoseconds(.maxAge)
        maxBytes = try container.decodeIfPresent(Int64.self, forKey: .maxBytes)
        maxMessages = try container.decodeIfPresent(Int64.self, forKey: .maxMessages)
        maxMessageSize = try container.decodeIfPresent(Int.self, forKey: .maxMessageSize)
        maxMessagesPerSubject = try container.decodeIfPresent(Int64.self, forKey: .maxMessagesPerSubject)
        maxConsumers = try container.decodeIfPresent(Int.self, forKey: .maxConsumers)
        duplicateWindow = try container.decodeNanoseconds(.duplicateWindow)
        discard = try container.decodeIfPresent(Discard.self, forKey: .discard)
        denyDelete = try container.decodeIfPresent(Bool.self, forKey: .denyDelete)
        denyPurge = try container.decodeIfPresent(Bool.self, forKey: .denyPurge)
        allowRollup = try container.decodeIfPresent(Bool.self, forKey: .allowRollup)
        allowDirect = try container.decodeIfPresent(Bool.self, forKey: .allowDirect)
        allowAtomic = try container.decodeIfPresent(Bool.self, forKey: .allowAtomic)
        metadata = try container.decodeMetadata(.metadata)
        subjectTransform = try container.decodeIfPresent(SubjectTransform.self, forKey: .subjectTransform)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(subjects, forKey: .subjects)
        try container.encodeIfPresent(description, forKey: .description)
        try container.encodeIfPresent(retention, forKey: .retention)
        try container.encodeIfPresent(storage, forKey: .storage)
        try container.encodeIfPresent(replicas, forKey: .replicas)
        try container.encodeNanoseconds(maxAge, .maxAge)
        try container.encodeIfPresent(maxBytes, forKey: .maxBytes)
        try container.encodeIfPresent(maxMessages, forKey: .maxMessages)
        try container.encodeIfPresent(maxMessageSize, forKey: .maxMessageSize)
        try container.encodeIfPresent(maxMessagesPerSubject, forKey: .maxMessagesPerSubject)
        try container.encodeIfPresent(maxConsumers, forKey: .maxConsumers)
        try container.encodeNanoseconds(duplicateWindow, .duplicateWindow)
        try container.encodeIfPresent(discard, forKey: .discard)
        try container.encodeIfPresent(denyDelete, forKey: .denyDelete)
        try container.encodeIfPresent(denyPurge, forKey: .denyPurge)
        try container.encodeIfPresent(allowRollup, forKey: .allowRollup)
        try container.encodeIfPresent(allowDirect, forKey: .allowDirect)
        try container.encodeIfPresent(allowAtomic, forKey: .allowAtomic)
        try container.encodeIfPresent(metadata, forKey: .metadata)
        try container.encodeIfPresent(subjectTransform, forKey: .subjectTransform)
    }
}
