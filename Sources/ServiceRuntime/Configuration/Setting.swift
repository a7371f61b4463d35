import Foundation

/// One setting: its name, what it may be, and how its text is read.
struct Setting<Value: Sendable>: Sendable {
    /// The environment variable.
    let name: String
    /// What it does, in one line.
    let summary: String
    /// Taken when nothing is given; nil: none.
    let defaultText: String?
    /// What may be given, in words that follow "expected".
    let allowed: String
    /// Never shown, neither in errors nor anywhere else.
    let isSecret: Bool
    /// Nil when the text is not allowed.
    let parse: @Sendable (String) -> Value?

    init(
        _ name: String, _ summary: String, default defaultText: String? = nil, allowed: String, isSecret: Bool = false,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.name = name
        self.summary = summary
        self.defaultText = defaultText
        self.allowed = allowed
        self.isSecret = isSecret
        self.parse = parse
    }
}

/// What the documentation shows of a setting, whatever its type.
struct SettingDescription: Sendable {
    let name: String
    let summary: String
    let defaultText: String?
    let allowed: String
    let isSecret: Bool
}

extension Setting {
    var description: SettingDescription {
        SettingDescription(
            name: name, summary: summary, defaultText: defaultText, allowed: allowed, isSecret: isSecret)
    }
}

// MARK: - Forms

extension Setting where Value == String {
    static func text(
        _ name: String, _ summary: String, default defaultText: String? = nil, allowed: String = "text",
        isSecret: Bool = false, where isAllowed: @escaping @Sendable (String) -> Bool = { !$0.isEmpty }
    ) -> Setting {
        Setting(name, summary, default: defaultText, allowed: allowed, isSecret: isSecret) {
            isAllowed($0) ? $0 : nil
        }
    }

    /// A libpq connection string.
    static func postgres(_ name: String, _ summary: String) -> Setting {
        text(
            name, summary, allowed: "a connection string: postgresql://… or key=value pairs", isSecret: true,
            where: { $0.hasPrefix("postgresql://") || $0.hasPrefix("postgres://") || $0.contains("=") })
    }

    static func url(_ name: String, _ summary: String, default defaultText: String? = nil) -> Setting {
        text(
            name, summary, default: defaultText, allowed: "an http:// or https:// URL",
            where: { $0.hasPrefix("http://") || $0.hasPrefix("https://") })
    }
}

extension Setting where Value == Int {
    static func number(_ name: String, _ summary: String, default value: Int, in range: ClosedRange<Int>) -> Setting {
        Setting(
            name, summary, default: String(value),
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        ) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension Setting where Value == Double {
    static func ratio(_ name: String, _ summary: String, default value: Double) -> Setting {
        Setting(name, summary, default: "\(value)", allowed: "a number from 0 to 1") {
            Double($0).flatMap { (0...1).contains($0) ? $0 : nil }
        }
    }
}

extension Setting where Value == Bool {
    static func flag(_ name: String, _ summary: String, default value: Bool) -> Setting {
        Setting(name, summary, default: "\(value)", allowed: "true or false") {
            switch $0.lowercased() {
            case "true", "yes", "1": true
            case "false", "no", "0": false
            default: nil
            }
        }
    }
}

extension Setting where Value == Duration {
    static func duration(
        _ name: String, _ summary: String, default defaultText: String, in range: ClosedRange<Duration>
    ) -> Setting {
        let bounds = "from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        return Setting(
            name, summary, default: defaultText, allowed: "a duration such as 500ms, 30s, 5m, 2h or 14d, \(bounds)"
        ) { DurationText.parse($0).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension Setting where Value == [String] {
    /// A list, comma-separated; spaces around its parts are dropped.
    static func list(
        _ name: String, _ summary: String, default defaultText: String? = nil, allowed: String, isSecret: Bool = false,
        where isAllowed: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(name, summary, default: defaultText, allowed: allowed, isSecret: isSecret) { text in
            let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return !parts.isEmpty && parts.allSatisfy(isAllowed) ? parts : nil
        }
    }
}

extension Setting where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static func choice(_ name: String, _ summary: String, default value: Value) -> Setting {
        Setting(
            name, summary, default: value.rawValue,
            allowed: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")
        ) { Value(rawValue: $0.lowercased()) }
    }
}
