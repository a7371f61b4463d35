import JetStream

/// What must hold over all streams and consumers of a file.
enum StreamsCheck {
    static func run(_ streams: [DesiredStream], file: String, _ issues: IssueList) {
        var durables: [String: String] = [:]
        for stream in streams {
            let name = stream.configuration.name
            if !isName(name) { issues.add("\(file): streams.\(name)", nameRule) }
            let subjects = stream.configuration.subjects ?? []
            for subject in subjects where !isPattern(subject) {
                issues.add("\(file): streams.\(name).subjects", "\"\(subject)\" was given; expected \(patternRule)")
            }
            for consumer in stream.consumers {
                check(consumer, of: stream.configuration, file, issues)
                let durable = consumer.durableName ?? ""
                if let other = durables.updateValue(name, forKey: durable) {
                    issues.add(
                        "\(file): streams.\(name).consumers.\(durable)",
                        "the stream \(other) has a consumer of this name; inboxes go by the name, so it must be unique")
                }
            }
        }
        checkOverlaps(streams, file, issues)
    }

    private static func check(
        _ consumer: ConsumerConfiguration, of stream: StreamConfiguration, _ file: String, _ issues: IssueList
    ) {
        let key = "\(file): streams.\(stream.name).consumers.\(consumer.durableName ?? "")"
        if !isName(consumer.durableName ?? "") { issues.add(key, nameRule) }
        for filter in consumer.filterSubjects ?? [] {
            guard isPattern(filter) else {
                issues.add("\(key).filter_subjects", "\"\(filter)\" was given; expected \(patternRule)")
                continue
            }
            let pattern = SubjectPattern(filter)
            if !(stream.subjects ?? []).contains(where: { SubjectPattern($0).covers(pattern) }) {
                issues.add(
                    "\(key).filter_subjects",
                    "\"\(filter)\" was given; expected a subject of the stream, which has "
                        + (stream.subjects ?? []).joined(separator: ", "))
            }
        }
        if let pending = consumer.maxAckPending, pending == 0 || pending < -1 {
            issues.add("\(key).max_ack_pending", "\(pending) was given; expected at least 1, or -1 for no limit")
        }
        if let wait = consumer.ackWait, wait < .seconds(1) {
            issues.add("\(key).ack_wait", "\(DurationText.format(wait)) was given; expected at least 1s")
        }
    }

    /// The server refuses two streams with a subject in common.
    private static func checkOverlaps(_ streams: [DesiredStream], _ file: String, _ issues: IssueList) {
        let all = streams.flatMap { stream in
            (stream.configuration.subjects ?? []).map { (stream: stream.configuration.name, subject: $0) }
        }
        for (index, left) in all.enumerated() {
            for right in all[(index + 1)...]
            where SubjectPattern(left.subject).overlaps(SubjectPattern(right.subject)) {
                issues.add(
                    "\(file): streams.\(right.stream).subjects",
                    "\"\(right.subject)\" overlaps \"\(left.subject)\" of the stream \(left.stream)")
            }
        }
    }

    private static let nameRule = "expected a name of letters, digits, - and _"
    private static let patternRule = "a subject such as order.created.v1, order.* or order.>"

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func isPattern(_ text: String) -> Bool {
        let tokens = text.split(separator: ".", omittingEmptySubsequences: false)
        return !text.contains(where: \.isWhitespace) && tokens.allSatisfy { !$0.isEmpty }
            && !tokens.dropLast().contains(">")
    }
}
