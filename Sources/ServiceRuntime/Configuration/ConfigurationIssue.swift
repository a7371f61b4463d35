/// What is wrong with one setting.
public struct ConfigurationIssue: Sendable, Hashable, CustomStringConvertible {
    /// The setting's name, or the file's.
    public let key: String
    /// What was given, what is allowed; never the value of a secret.
    public let message: String

    public init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    public var description: String { "\(key): \(message)" }
}

/// Everything that is wrong with the configuration, at once.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public let issues: [ConfigurationIssue]

    public init(_ issues: [ConfigurationIssue]) {
        self.issues = issues
    }

    public var description: String {
        "the configuration is not valid:\n" + issues.map { "  \($0)" }.joined(separator: "\n")
    }
}
