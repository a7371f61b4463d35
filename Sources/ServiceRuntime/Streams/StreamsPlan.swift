import JetStream

/// What has to be done so that the server has the streams and consumers of the file. It is computed without doing
/// anything; ``StreamsAdmin/apply(_:allowDestructive:)`` does it.
public struct StreamsPlan: Sendable, Encodable {
    /// One field that differs.
    public struct FieldChange: Sendable, Hashable, Encodable {
        public let field: String
        /// Nil when it is created.
        public let old: String?
        public let new: String
        /// Why it costs something; nil when it does not.
        public let risk: String?
        /// The server cannot change it: the stream or consumer is deleted and made anew.
        public let needsRecreation: Bool
    }

    /// What is to be done about one stream or consumer.
    public struct Change: Sendable, Hashable, Encodable {
        public enum Action: String, Sendable, Hashable, Encodable {
            case create, update, recreate, unchanged
            /// The server has it and the file does not: it is left alone.
            case unmanaged
        }

        public let action: Action
        public let stream: String
        /// Nil for the stream itself.
        public let consumer: String?
        public let fields: [FieldChange]

        /// It drops messages, forgets positions, or stops taking something that was taken.
        public var isDestructive: Bool { fields.contains { $0.risk != nil } }
        var name: String { consumer.map { "consumer \(stream)/\($0)" } ?? "stream \(stream)" }
    }

    /// Streams in the file's order, each followed by its consumers.
    public let changes: [Change]
    let desired: [DesiredStream]
    let actual: ActualStreams

    /// Compares.
    public init(desired: [DesiredStream], actual: ActualStreams) {
        var changes: [Change] = []
        for stream in desired {
            let name = stream.configuration.name
            let existing = actual.streams[name]
            let change = Self.change(
                of: StreamFields.compare(stream.configuration, existing?.configuration), stream: name, consumer: nil,
                exists: existing != nil)
            changes.append(change)
            for consumer in stream.consumers {
                let durable = consumer.durableName ?? ""
                let known = existing?.consumers[durable]
                changes.append(
                    Self.change(
                        of: ConsumerFields.compare(consumer, known), stream: name, consumer: durable,
                        exists: known != nil))
            }
            let durables = Set(stream.consumers.map { $0.durableName ?? "" })
            for extra in (existing?.consumers.keys.sorted() ?? []) where !durables.contains(extra) {
                changes.append(Change(action: .unmanaged, stream: name, consumer: extra, fields: []))
            }
        }
        let names = Set(desired.map(\.configuration.name))
        for extra in actual.streams.keys.sorted() where !names.contains(extra) {
            changes.append(Change(action: .unmanaged, stream: extra, consumer: nil, fields: []))
        }
        self.changes = changes
        self.desired = desired
        self.actual = actual
    }

    /// Nothing has to be done.
    public var isEmpty: Bool { changes.allSatisfy { $0.action == .unchanged || $0.action == .unmanaged } }
    /// What is only done when it is allowed explicitly.
    public var destructive: [Change] { changes.filter(\.isDestructive) }

    private static func change(
        of fields: [FieldChange], stream: String, consumer: String?, exists: Bool
    ) -> Change {
        let action: Change.Action =
            if !exists {
                .create
            } else if fields.isEmpty {
                .unchanged
            } else if fields.contains(where: \.needsRecreation) {
                .recreate
            } else {
                .update
            }
        return Change(action: action, stream: stream, consumer: consumer, fields: fields)
    }

    private enum CodingKeys: String, CodingKey {
        case changes
    }
}
