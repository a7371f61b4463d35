import JetStream

/// Compares a consumer's fields, and knows what each change costs.
enum ConsumerFields {
    typealias FieldChange = StreamsPlan.FieldChange

    /// The fields that differ; those that the file does not set are left as they are.
    static func compare(_ desired: ConsumerConfiguration, _ actual: ConsumerConfiguration?) -> [FieldChange] {
        var changes: [FieldChange] = []
        for (field, text) in texts(desired) {
            guard let text else { continue }
            guard let actual else {
                changes.append(FieldChange(field: field, old: nil, new: text, risk: nil, needsRecreation: false))
                continue
            }
            let before = texts(actual).first { $0.field == field }?.text ?? serverDefault(field)
            guard before != text else { continue }
            changes.append(
                FieldChange(
                    field: field, old: before, new: text, risk: risk(field, desired, actual),
                    needsRecreation: fixed.contains(field)))
        }
        return changes
    }

    /// The actual configuration with what the file sets in its place.
    static func merged(_ desired: ConsumerConfiguration, over actual: ConsumerConfiguration) -> ConsumerConfiguration {
        var merged = actual
        if desired.filterSubjects != nil {
            merged.filterSubject = nil
            merged.filterSubjects = desired.filterSubjects
        }
        merged.description = desired.description ?? actual.description
        merged.ackWait = desired.ackWait ?? actual.ackWait
        merged.maxAckPending = desired.maxAckPending ?? actual.maxAckPending
        merged.maxDeliver = desired.maxDeliver ?? actual.maxDeliver
        return merged
    }

    /// The server does not change these.
    private static let fixed: Set<String> = ["deliver_policy", "ack_policy"]

    private static func subjects(_ consumer: ConsumerConfiguration) -> [String]? {
        consumer.filterSubjects ?? consumer.filterSubject.map { [$0] }
    }

    private static func texts(_ consumer: ConsumerConfiguration) -> [(field: String, text: String?)] {
        [
            ("filter_subjects", subjects(consumer).map { $0.sorted().joined(separator: ", ") }),
            ("description", consumer.description),
            ("ack_policy", consumer.ackPolicy?.rawValue),
            ("ack_wait", consumer.ackWait.map(DurationText.format)),
            ("max_ack_pending", consumer.maxAckPending.map { String($0) }),
            ("max_deliver", consumer.maxDeliver.map { String($0) }),
            ("deliver_policy", consumer.deliverPolicy?.rawValue),
        ]
    }

    private static func serverDefault(_ field: String) -> String {
        switch field {
        case "filter_subjects": "all"
        case "deliver_policy": "all"
        case "max_deliver": "-1"
        case "description": ""
        default: "unset"
        }
    }

    private static func risk(_ field: String, _ new: ConsumerConfiguration, _ old: ConsumerConfiguration) -> String? {
        if fixed.contains(field) {
            return "the consumer is deleted and starts over; the inbox makes what comes again harmless"
        }
        guard field == "filter_subjects", let filters = subjects(new) else { return nil }
        guard let before = subjects(old) else { return "some subjects are no longer delivered" }
        let lost = before.filter { subject in
            !filters.contains { SubjectPattern($0).covers(SubjectPattern(subject)) }
        }
        return lost.isEmpty ? nil : "no longer delivered: \(lost.joined(separator: ", "))"
    }
}
