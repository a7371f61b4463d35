import Foundation

/// The parameters of a request as Stripe takes them: `application/x-www-form-urlencoded` with keys in brackets, such as
/// `metadata[order_id]=7` or `expand[]=latest_charge`.
struct FormParameters: Sendable, Hashable {
    /// As they came, percent-decoded, in order.
    let pairs: [Pair]

    /// One key and its value; the key is split at its brackets, and an empty part stands for `[]`.
    struct Pair: Sendable, Hashable {
        let path: [String]
        let value: String

        /// The key as it is written in messages.
        var name: String { path.dropFirst().reduce(path.first ?? "") { "\($0)[\($1)]" } }
    }

    /// Reads a body or a query string.
    init(_ text: String) {
        pairs = text.split(separator: "&", omittingEmptySubsequences: true).map { part in
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = Self.decode(sides[0])
            let value = sides.count > 1 ? Self.decode(sides[1]) : ""
            return Pair(path: Self.path(of: key), value: value)
        }
    }

    /// The last value given for a plain key; nil when there is none or it is empty.
    func string(_ key: String) -> String? {
        guard let value = pairs.last(where: { $0.path == [key] })?.value, !value.isEmpty else { return nil }
        return value
    }

    /// The members of a nested object, such as those of `metadata`.
    func members(_ key: String) -> [String: String] {
        var members: [String: String] = [:]
        for pair in pairs where pair.path.count == 2 && pair.path[0] == key && !pair.path[1].isEmpty {
            members[pair.path[1]] = pair.value
        }
        return members
    }

    /// The values of a list, whether it is written `key[]=a` or `key[0]=a`.
    func list(_ key: String) -> [String] {
        pairs.filter { $0.path.count == 2 && $0.path[0] == key }.map(\.value)
    }

    /// The first parts of all keys.
    var names: Set<String> { Set(pairs.compactMap(\.path.first)) }

    /// The same whichever order the parameters came in: what Stripe compares under one idempotency key.
    var fingerprint: String {
        pairs.map { "\($0.name)\u{1}\($0.value)" }.sorted().joined(separator: "\u{2}")
    }

    private static func decode(_ text: Substring) -> String {
        let spaced = String(text).replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? spaced
    }

    private static func path(of key: String) -> [String] {
        guard let bracket = key.firstIndex(of: "["), key.hasSuffix("]") else { return [key] }
        let inner = key[key.index(after: bracket)...].dropLast()
        return [String(key[..<bracket])] + inner.components(separatedBy: "][")
    }
}
