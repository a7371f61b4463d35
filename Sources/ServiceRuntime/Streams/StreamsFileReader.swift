import JetStream

/// Turns the file's tree into streams and consumers.
struct StreamsFileReader {
    private let root: YAMLReader
    private let profile: String

    init(_ root: YAMLReader, profile: String) {
        self.root = root
        self.profile = profile
    }

    func streams() -> [DesiredStream] {
        root.allow(["profiles", "defaults", "streams"])
        let defaults = root.child("defaults")
        defaults.allow(["stream", "consumer"])
        let profiles = root.child("profiles")
        if !profiles.children.contains(where: { $0.name == profile }) {
            profiles.missing(profile, "a profile of that name")
        }
        let chosen = profiles.child(profile)
        let list = root.child("streams").children
        if list.isEmpty { root.missing("streams", "at least one stream") }
        return list.map { name, reader in
            reader.allow(Self.streamKeys + ["subjects", "consumers"])
            var configuration = StreamConfiguration(name: name)
            for layer in [defaults.child("stream"), chosen, reader] { Self.read(layer, into: &configuration) }
            configuration.subjects = reader.texts("subjects")
            if configuration.subjects == nil { reader.missing("subjects", "a list of subjects") }
            let consumers = reader.child("consumers").children.map { consumer, reader in
                self.consumer(consumer, reader, defaults.child("consumer"))
            }
            return DesiredStream(configuration, consumers: consumers)
        }
    }

    private func consumer(_ name: String, _ reader: YAMLReader, _ defaults: YAMLReader) -> ConsumerConfiguration {
        reader.allow(Self.consumerKeys + ["filter_subjects"])
        var configuration = ConsumerConfiguration(durableName: name)
        for layer in [defaults, reader] { Self.read(layer, into: &configuration) }
        configuration.filterSubjects = reader.texts("filter_subjects")
        return configuration
    }

    private static let streamKeys = [
        "description", "retention", "storage", "replicas", "max_age", "max_bytes", "max_msgs", "max_msg_size",
        "duplicate_window", "discard", "deny_delete", "deny_purge", "allow_atomic", "allow_direct",
    ]
    private static let consumerKeys = ["description", "ack_wait", "max_ack_pending", "max_deliver", "deliver_policy"]

    private static func read(_ layer: YAMLReader, into stream: inout StreamConfiguration) {
        typealias Form = YAMLForm
        if let value = layer.value("description", Form.text, { $0 }) { stream.description = value }
        if let value = layer.value("retention", "limits, interest or workqueue", StreamConfiguration.Retention.init) {
            stream.retention = value
        }
        if let value = layer.value("storage", "file or memory", StreamConfiguration.Storage.init) {
            stream.storage = value
        }
        if let value = layer.value("replicas", "1, 3 or 5", { Int($0).flatMap { [1, 3, 5].contains($0) ? $0 : nil } }) {
            stream.replicas = value
        }
        if let value = layer.value("max_age", Form.duration, DurationText.parse) { stream.maxAge = value }
        if let value = layer.value("max_bytes", Form.size, Form.limit) { stream.maxBytes = value }
        if let value = layer.value("max_msgs", Form.count, { Int64($0) }) { stream.maxMessages = value }
        if let value = layer.value("max_msg_size", Form.size, Form.limit) { stream.maxMessageSize = Int(value) }
        if let value = layer.value("duplicate_window", Form.duration, DurationText.parse) {
            stream.duplicateWindow = value
        }
        if let value = layer.value("discard", "old or new", StreamConfiguration.Discard.init) { stream.discard = value }
        if let value = layer.value("deny_delete", Form.flag, { Bool($0) }) { stream.denyDelete = value }
        if let value = layer.value("deny_purge", Form.flag, { Bool($0) }) { stream.denyPurge = value }
        if let value = layer.value("allow_atomic", Form.flag, { Bool($0) }) { stream.allowAtomic = value }
        if let value = layer.value("allow_direct", Form.flag, { Bool($0) }) { stream.allowDirect = value }
    }

    private static func read(_ layer: YAMLReader, into consumer: inout ConsumerConfiguration) {
        typealias Form = YAMLForm
        if let value = layer.value("description", Form.text, { $0 }) { consumer.description = value }
        if let value = layer.value("ack_wait", Form.duration, DurationText.parse) { consumer.ackWait = value }
        if let value = layer.value("max_ack_pending", Form.count, { Int($0) }) { consumer.maxAckPending = value }
        if let value = layer.value("max_deliver", "-1", { $0 == "-1" ? -1 : nil }) { consumer.maxDeliver = value }
        if let value = layer.value("deliver_policy", "all or new", ConsumerConfiguration.DeliverPolicy.init) {
            consumer.deliverPolicy = value
        }
    }
}

/// The forms of values, in words that follow "expected".
enum YAMLForm {
    static let text = "text"
    static let flag = "true or false"
    static let count = "a whole number; -1 for no limit"
    static let size = "a size such as 512KiB, 1MiB or 10GiB; -1 for no limit"
    static let duration = "a duration such as 2m, 30s or 7d"

    static func limit(_ text: String) -> Int64? { text == "-1" ? -1 : ByteSize.parse(text) }
}
