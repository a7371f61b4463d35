import Foundation

/// One field in which a stream or consumer is not as it should be.
public struct ConfigurationDifference: Sendable, Hashable, CustomStringConvertible {
    /// The name in JetStream's JSON, such as `max_age`.
    public let field: String
    /// The value there is, as JSON; nil if there is none. Durations are in nanoseconds.
    public let current: String?
    /// The value there should be, as JSON.
    public let desired: String

    public var description: String { "\(field): \(current ?? "unset") -> \(desired)" }
}

extension StreamConfiguration {
    /// What would have to change for `current` to become this. Fields that are nil here are not compared.
    public func differences(from current: StreamConfiguration) -> [ConfigurationDifference] {
        ConfigurationFields(normalized).differences(from: ConfigurationFields(current.normalized))
    }

    /// This, with the fields that are nil taken from `current`: for an update that leaves alone what is not named.
    public func filled(from current: StreamConfiguration) throws -> StreamConfiguration {
        try ConfigurationFields(self).filled(from: ConfigurationFields(current), as: StreamConfiguration.self)
    }

    private var normalized: StreamConfiguration {
        var copy = self
        copy.subjects?.sort()
        return copy
    }
}

extension ConsumerConfiguration {
    /// What would have to change for `current` to become this. Fields that are nil here are not compared.
    public func differences(from current: ConsumerConfiguration) -> [ConfigurationDifference] {
        ConfigurationFields(normalized).differences(from: ConfigurationFields(current.normalized))
    }

    /// This, with the fields that are nil taken from `current`: for an update that leaves alone what is not named.
    public func filled(from current: ConsumerConfiguration) throws -> ConsumerConfiguration {
        var current = current
        // The two exclude each other.
        if filterSubject != nil || filterSubjects != nil {
            current.filterSubject = nil
            current.filterSubjects = nil
        }
        return try ConfigurationFields(self).filled(
            from: ConfigurationFields(current), as: ConsumerConfiguration.self)
    }

    /// One filter and a list of one are the same.
    private var normalized: ConsumerConfiguration {
        var copy = self
        if let single = filterSubject { copy.filterSubjects = [single] }
        copy.filterSubject = nil
        copy.filterSubjects?.sort()
        return copy
    }
}

/// A configuration as the fields of its JSON, each as JSON text.
private struct ConfigurationFields {
    private let fields: [String: String]

    init(_ configuration: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(configuration),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else {
            fields = [:]
            return
        }
        fields = object.compactMapValues { value in
            (try? JSONSerialization.data(
                withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes]))
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func differences(from current: ConfigurationFields) -> [ConfigurationDifference] {
        fields.sorted { $0.key < $1.key }.compactMap { field, desired in
            let there = current.fields[field]
            // The server leaves out what is false or empty.
            guard there != desired, !(there == nil && ["false", "0", "\"\"", "[]", "{}"].contains(desired)) else {
                return nil
            }
            return ConfigurationDifference(field: field, current: there, desired: desired)
        }
    }

    func filled<C: Decodable>(from current: ConfigurationFields, as type: C.Type) throws -> C {
        let all = current.fields.merging(fields) { $1 }
        let json = "{" + all.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
        return try JSONDecoder().decode(type, from: Data(json.utf8))
    }
}
