import Logging

/// Keeps secrets and personal data out of logs: by the name of a key, and by what a text looks like.
enum Redaction {
    static let replacement = "[redacted]"

    /// A key whose name has one of these is never logged with its value.
    static let deniedKeys = [
        "secret", "authorization", "password", "passwd", "token", "email", "cookie", "api_key", "apikey", "signature",
        "seed", "credential", "private_key", "card_number", "iban", "phone",
    ]

    static func isDenied(_ key: String) -> Bool {
        let name = key.lowercased().replacing("-", with: "_")
        return deniedKeys.contains { name.contains($0) }
    }

    static func value(_ value: Logger.MetadataValue, forKey key: String) -> Logger.MetadataValue {
        if isDenied(key) { return .string(replacement) }
        switch value {
        case .string(let text):
            return .string(self.text(text))
        case .stringConvertible(let convertible):
            return .string(self.text(convertible.description))
        case .array(let values):
            return .array(values.map { self.value($0, forKey: key) })
        case .dictionary(let entries):
            var clean: Logger.Metadata = [:]
            for (key, value) in entries { clean[key] = self.value(value, forKey: key) }
            return .dictionary(clean)
        }
    }

    /// Texts that end up in errors: passwords in connection strings, Stripe's keys and client secrets, bearer tokens.
    static func text(_ text: String) -> String {
        guard mayHoldSecret(text) else { return text }
        var clean = text
        clean.replace(/:\/\/([^\/\s:@]*):[^\/\s@]+@/) { "://\($0.1):\(replacement)@" }
        clean.replace(/(?i)\b(password|passwd|pwd)=('[^']*'|[^\s&;]+)/) { "\($0.1)=\(replacement)" }
        clean.replace(/\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]+/) { _ in replacement }
        clean.replace(/\bwhsec_[A-Za-z0-9+\/=]+/) { _ in replacement }
        clean.replace(/\b((?:pi|seti)_[A-Za-z0-9]+)_secret_[A-Za-z0-9]+/) { "\($0.1)_secret_\(replacement)" }
        clean.replace(/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/) { _ in replacement }
        return clean
    }

    /// Cheap, so that the patterns are tried only on the few texts that need it.
    private static func mayHoldSecret(_ text: String) -> Bool {
        ["://", "assw", "pwd=", "k_live_", "k_test_", "whsec_", "_secret_", "eyJ"].contains { text.contains($0) }
    }
}
