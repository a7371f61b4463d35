import JetStream

/// Compares a stream's fields, and knows what each change costs.
enum StreamFields {
    typealias FieldChange = StreamsPlan.FieldChange

    /// The fields that differ; those that the file does not set are left as they are.
    static func compare(_ desired: StreamConfiguration, _ actual: StreamConfiguration?) -> [FieldChange] {
        var changes: [FieldChange] = []
        for (field, text) in texts(desired) {
            guard let text else { continue }
            guard let actual else {
                changes.append(FieldChange(field: field, old: nil, new: text, risk: nil, needsRecreation: false))
                continue
            }
            let before = texts(actual).first { $0.field == field }?.text ?? serverDefault(field)
            guard before != text else { continue }
            let risk = risk(field, desired, actual)
            changes.append(
                FieldChange(
                    field: field, old: before, new: text, risk: risk?.reason,
                    needsRecreation: risk?.recreates ?? false))
        }
        return changes
    }

    /// The actual configuration with what the file sets in its place, so that an update resets nothing else.
    static func merged(_ desired: StreamConfiguration, over actual: StreamConfiguration) -> StreamConfiguration {
        var merged = actual
        merged.subjects = desired.subjects ?? actual.subjects
        merged.description = desired.description ?? actual.description
        merged.retention = desired.retention ?? actual.retention
        merged.storage = desired.storage ?? actual.storage
        merged.replicas = desired.replicas ?? actual.replicas
        merged.maxAge = desired.maxAge ?? actual.maxAge
        merged.maxBytes = desired.maxBytes ?? actual.maxBytes
        merged.maxMessages = desired.maxMessages ?? actual.maxMessages
        merged.maxMessageSize = desired.maxMessageSize ?? actual.maxMessageSize
        merged.duplicateWindow = desired.duplicateWindow ?? actual.duplicateWindow
        merged.discard = desired.discard ?? actual.discard
        merged.denyDelete = desired.denyDelete ?? actual.denyDelete
        merged.denyPurge = desired.denyPurge ?? actual.denyPurge
        merged.allowAtomic = desired.allowAtomic ?? actual.allowAtomic
        merged.allowDirect = desired.allowDirect ?? actual.allowDirect
        return merged
    }

    private static func texts(_ stream: StreamConfiguration) -> [(field: String, text: String?)] {
        [
            ("subjects", stream.subjects.map { $0.sorted().joined(separator: ", ") }),
            ("description", stream.description),
            ("retention", stream.retention?.rawValue),
            ("storage", stream.storage?.rawValue),
            ("replicas", stream.replicas.map { String($0) }),
            ("max_age", stream.maxAge.map(age)),
            ("max_bytes", stream.maxBytes.map(limit)),
            ("max_msgs", stream.maxMessages.map(limit)),
            ("max_msg_size", stream.maxMessageSize.map { limit(Int64($0)) }),
            ("duplicate_window", stream.duplicateWindow.map(DurationText.format)),
            ("discard", stream.discard?.rawValue),
            ("deny_delete", stream.denyDelete.map { String($0) }),
            ("deny_purge", stream.denyPurge.map { String($0) }),
            ("allow_atomic", stream.allowAtomic.map { String($0) }),
            ("allow_direct", stream.allowDirect.map { String($0) }),
        ]
    }

    /// What the server means by leaving a field out.
    private static func serverDefault(_ field: String) -> String {
        switch field {
        case "deny_delete", "deny_purge", "allow_atomic", "allow_direct": "false"
        case "max_bytes", "max_msgs", "max_msg_size", "max_age": "unlimited"
        case "description": ""
        default: "unset"
        }
    }

    private static func age(_ age: Duration) -> String { age == .zero ? "unlimited" : DurationText.format(age) }
    private static func limit(_ limit: Int64) -> String { limit <= 0 ? "unlimited" : ByteSize.format(limit) }

    private struct Risk {
        let reason: String
        var recreates = false
    }

    private static func risk(_ field: String, _ new: StreamConfiguration, _ old: StreamConfiguration) -> Risk? {
        switch field {
        case "subjects":
            let lost = (old.subjects ?? []).filter { subject in
                !(new.subjects ?? []).contains { SubjectPattern($0).covers(SubjectPattern(subject)) }
            }
            return lost.isEmpty ? nil : Risk(reason: "no longer taken: \(lost.joined(separator: ", "))")
        case "storage", "retention":
            return Risk(
                reason: "the stream is deleted, and the relay fills it again from the ledger", recreates: true)
        case "deny_delete" where new.denyDelete == false, "deny_purge" where new.denyPurge == false:
            return Risk(
                reason: "a denial cannot be taken back: the stream is deleted, and the relay fills it again",
                recreates: true)
        case "max_age" where isLower(new.maxAge?.components.seconds, old.maxAge?.components.seconds),
            "max_bytes" where isLower(new.maxBytes, old.maxBytes),
            "max_msgs" where isLower(new.maxMessages, old.maxMessages):
            return Risk(reason: "messages beyond the new limit are dropped")
        case "replicas" where (new.replicas ?? 1) < (old.replicas ?? 1):
            return Risk(reason: "fewer copies survive the loss of a server")
        default:
            return nil
        }
    }

    /// Zero, -1 and nil are no limit.
    private static func isLower(_ new: Int64?, _ old: Int64?) -> Bool {
        guard let new, new > 0 else { return false }
        guard let old, old > 0 else { return true }
        return new < old
    }
}
