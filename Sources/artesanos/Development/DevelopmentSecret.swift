import Foundation

/// A secret that is made once and then kept in a file that only its owner may read.
enum DevelopmentSecret {
    /// The kept secret, made at the first call.
    /// - Parameter prefix: what it begins with, such as `whsec_`.
    static func keep(at file: URL, prefix: String = "") throws -> String {
        if let known = read(file) { return known }
        let secret =
            prefix
            + (0..<32).map { _ in
                let byte = UInt8.random(in: .min ... .max)
                return (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        try writePrivately(Data((secret + "\n").utf8), to: file)
        return secret
    }

    /// The kept secret; nil when there is none yet.
    static func read(_ file: URL) -> String? {
        let text = try? String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == false ? text : nil
    }

    /// Writes a file that nobody else could read at any moment, in one step.
    static func writePrivately(_ data: Data, to file: URL) throws {
        let draft = file.appendingPathExtension("new")
        try? FileManager.default.removeItem(at: draft)
        guard
            FileManager.default.createFile(
                atPath: draft.path, contents: data, attributes: [.posixPermissions: 0o600])
        else { throw CheckFailed("cannot write \(draft.path)") }
        guard rename(draft.path, file.path) == 0 else {
            throw CheckFailed("cannot write \(file.path): \(String(cString: strerror(errno)))")
        }
    }
}
