import Configuration

/// Reads settings one by one and gathers what is wrong with them.
struct SettingReader {
    private let config: ConfigReader
    private(set) var issues: [ConfigurationIssue] = []

    init(_ config: ConfigReader) {
        self.config = config
    }

    /// The value given, or the default; nil when there is neither, or when what was given is not allowed.
    mutating func optional<Value>(_ setting: Setting<Value>) -> Value? {
        guard let given = text(of: setting), !given.isEmpty else { return setting.defaultText.flatMap(setting.parse) }
        if let value = setting.parse(given) { return value }
        let shown = setting.isSecret ? "a value that is not shown" : "\"\(given)\""
        issues.append(ConfigurationIssue(key: setting.name, message: "\(shown) was given; expected \(setting.allowed)"))
        return nil
    }

    /// The value given, or the default. When what was given is not allowed, an issue is noted, and the default stands
    /// in until the end of the reading.
    mutating func value<Value>(_ setting: Setting<Value>) -> Value {
        if let value = optional(setting) { return value }
        guard let value = setting.defaultText.flatMap(setting.parse) else {
            preconditionFailure("the setting \(setting.name) has no default that it allows")
        }
        return value
    }

    /// Notes that a setting is needed and was not given.
    mutating func require<Value>(_ setting: Setting<Value>, for purpose: String) {
        guard text(of: setting)?.isEmpty ?? true else { return }
        issues.append(
            ConfigurationIssue(
                key: setting.name, message: "is not set, and \(purpose) needs it; expected \(setting.allowed)"))
    }

    mutating func note(_ key: String, _ message: String) {
        issues.append(ConfigurationIssue(key: key, message: message))
    }

    private func text<Value>(of setting: Setting<Value>) -> String? {
        config.string(forKey: ConfigKey([setting.name]), isSecret: setting.isSecret)
    }
}
