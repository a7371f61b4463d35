import Logging
import Synchronization

/// Keeps secrets and personal data out of logs: by the name of a key, and by what a text looks like.
enum Redaction {
    static let replacement = "[redacted]"

    /// A key whose name has one of these is never logged with its value.
    static let deniedKeys = [
        "secret", "authorization", "password", "passwd", "token", "email", "cookie", "api_key", "apikey", "signature",
        "seed", "credential", "private_key", "card_number", "iban", "phone",
    ]

    static func isDenied(_ key: String) -> Bool {
        if let known = verdicts.withLock({ $0[key] }) { return known }
        let name = key.lowercased().replacing("-", with: "_")
        let isDenied = deniedKeys.contains { name.contains($0) }
        verdicts.withLock { verdicts in
            if verdicts.count < maxVerdicts { verdicts[key] = isDenied }
        }
        return isDenied
    }

    /// The same few keys come with every record. Bounded, should a key ever be made of data.
    private static let verdicts = Mutex<[String: Bool]>([:])
    private static let maxVerdicts = 1_000

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

    /// Cheap, so that the patterns are tried only on the few texts that need it: one pass over the bytes.
    private static func mayHoldSecret(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            for (index, byte) in bytes.enumerated() {
                let hints = hintsByFirstByte[Int(byte)]
                guard !hints.isEmpty else { continue }
                let rest = bytes[index...]
                for hint in hints where rest.count >= hint.count {
                    if zip(rest, hint).allSatisfy({ lowered($0) == $1 }) { return true }
                }
            }
            return false
        }
    }

    /// In lower case: they are found whatever the case of the text.
    private static let hintsByFirstByte: [[[UInt8]]] = {
        var table = Array(repeating: [[UInt8]](), count: 256)
        for hint in ["://", "passw", "pwd=", "k_live_", "k_test_", "whsec_", "_secret_", "eyj"] {
            let bytes = Array(hint.utf8)
            guard let first = bytes.first else { continue }
            table[Int(first)].append(bytes)
            if isLetter(first) { table[Int(first - 0x20)].append(bytes) }
        }
        return table
    }()

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
    }
}
