import Yams

/// Gathers what is wrong while a file is read.
final class IssueList {
    private(set) var all: [ConfigurationIssue] = []

    func add(_ key: String, _ message: String) {
        all.append(ConfigurationIssue(key: key, message: message))
    }
}

/// Reads a YAML mapping key by key, and notes with file, line and path what does not fit.
struct YAMLReader {
    private let node: Node
    private let path: String
    private let file: String
    private let issues: IssueList

    init(_ node: Node, path: String, file: String, issues: IssueList) {
        self.node = node
        self.path = path
        self.file = file
        self.issues = issues
    }

    static var empty: Node { Node.mapping(Node.Mapping([(Node, Node)]())) }

    /// Notes the keys that are none of these.
    func allow(_ keys: [String]) {
        guard let mapping = node.mapping else {
            issue(node, path, "expected a mapping")
            return
        }
        for (key, _) in mapping where !keys.contains(key.string ?? "") {
            issue(key, join(key.string ?? ""), "is not known; expected one of \(keys.joined(separator: ", "))")
        }
    }

    /// The mapping under a key, or an empty one.
    func child(_ key: String) -> YAMLReader {
        YAMLReader(node.mapping?[key] ?? Self.empty, path: join(key), file: file, issues: issues)
    }

    /// The mappings under this one, by name, in the file's order.
    var children: [(name: String, reader: YAMLReader)] {
        (node.mapping ?? [:]).map { key, value in
            let name = key.string ?? ""
            return (name, YAMLReader(value, path: join(name), file: file, issues: issues))
        }
    }

    /// A scalar, read by `parse`; nil when the key is absent, or when it does not fit, which is noted.
    func value<Value>(_ key: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
        guard let node = node.mapping?[key] else { return nil }
        guard let text = node.scalar?.string, let value = parse(text) else {
            let given = node.scalar.map { "\"\($0.string)\" was given; " } ?? ""
            issue(node, join(key), "\(given)expected \(expected)")
            return nil
        }
        return value
    }

    /// A list of texts; nil when the key is absent.
    func texts(_ key: String) -> [String]? {
        guard let node = node.mapping?[key] else { return nil }
        guard let sequence = node.sequence, !sequence.isEmpty else {
            issue(node, join(key), "expected a list that is not empty")
            return nil
        }
        return sequence.compactMap { $0.scalar?.string }
    }

    func missing(_ key: String, _ expected: String) {
        issue(node, join(key), "is missing; expected \(expected)")
    }

    private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func issue(_ node: Node, _ path: String, _ message: String) {
        let line = node.mark.map { ":\($0.line)" } ?? ""
        issues.add("\(file)\(line): \(path)", message)
    }
}
