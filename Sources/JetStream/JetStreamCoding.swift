import Foundation

extension KeyedDecodingContainer {
    /// A duration in nanoseconds; nil if it is missing.
    func decodeNanoseconds(_ key: Key) throws -> Duration? {
        try decodeIfPresent(Int64.self, forKey: key).map { .nanoseconds($0) }
    }

    /// Metadata without what the server adds to it; nil if nothing is left.
    func decodeMetadata(_ key: Key) throws -> [String: String]? {
        let own = try decodeIfPresent([String: String].self, forKey: key)?.filter { !$0.key.hasPrefix("_nats.") }
        return own?.isEmpty == true ? nil : own
    }

    func decodeTime(_ key: Key) throws -> Date? {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return nil }
        // The server writes the year 1 for "never".
        guard !text.hasPrefix("0001-") else { return nil }
        guard let date = JetStreamTime.parse(text) else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "not a time: \(text)")
        }
        return date
    }
}

extension KeyedEncodingContainer {
    mutating func encodeNanoseconds(_ duration: Duration?, _ key: Key) throws {
        try encodeIfPresent(duration?.nanoseconds, forKey: key)
    }
}
