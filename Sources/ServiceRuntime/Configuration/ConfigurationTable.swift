extension ArtesanosConfiguration {
    /// The documentation of all settings as Markdown tables: docs/configuration.md has them, and a test compares.
    public static func markdown() -> String {
        Settings.sections.map { section in
            let rows = section.settings.map { setting in
                let value = setting.defaultText.map { "`\($0)`" } ?? "none"
                let secret = setting.isSecret ? " Secret." : ""
                return "| `\(setting.name)` | \(setting.summary)\(secret) | \(value) | \(setting.allowed) |\n"
            }
            return "## \(section.title)\n\n| key | meaning | default | allowed |\n|---|---|---|---|\n" + rows.joined()
        }.joined(separator: "\n")
    }
}
