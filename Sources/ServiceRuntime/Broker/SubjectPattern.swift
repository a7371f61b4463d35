/// A subject with wildcards: `*` is one token, `>` one or more at the end.
/// Source: https://docs.nats.io/nats-concepts/subjects
public struct SubjectPattern: Sendable, Hashable {
    private let tokens: [Substring]

    public init(_ text: String) {
        tokens = text.split(separator: ".", omittingEmptySubsequences: false)
    }

    /// Whether it stands for this subject.
    public func matches(_ subject: String) -> Bool {
        let parts = subject.split(separator: ".", omittingEmptySubsequences: false)
        for (index, token) in tokens.enumerated() {
            if token == ">" { return index == tokens.count - 1 && parts.count > index }
            guard index < parts.count, token == "*" || token == parts[index] else { return false }
        }
        return parts.count == tokens.count
    }

    /// Whether every subject of the other one is one of these too.
    func covers(_ other: SubjectPattern) -> Bool {
        for (index, token) in tokens.enumerated() {
            if token == ">" { return other.tokens.count > index }
            guard index < other.tokens.count else { return false }
            let theirs = other.tokens[index]
            guard theirs != ">", token == theirs || token == "*" else { return false }
        }
        return other.tokens.count == tokens.count
    }

    /// Whether some subject is one of both.
    func overlaps(_ other: SubjectPattern) -> Bool {
        for index in 0..<max(tokens.count, other.tokens.count) {
            guard index < tokens.count, index < other.tokens.count else { return false }
            let (left, right) = (tokens[index], other.tokens[index])
            if left == ">" || right == ">" { return true }
            guard left == right || left == "*" || right == "*" else { return false }
        }
        return true
    }
}
