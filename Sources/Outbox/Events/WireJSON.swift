public import Foundation

/// The JSON form of events and of HTTP answers: camelCase keys as declared, keys in a stable order, dates in ISO 8601
/// UTC with milliseconds, UUIDs in lower case.
public enum WireJSON {
    /// Encodes a value.
    /// - Throws: `EncodingError`.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(dateStyle))
        }
        var bytes = [UInt8](try encoder.encode(value))
        lowercaseUUIDs(&bytes)
        return bytes
    }

    /// Decodes a value.
    /// - Throws: `DecodingError`, with the path of what did not fit.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = date(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not an ISO 8601 date and time")
            }
            return date
        }
        return try decoder.decode(type, from: Data(bytes))
    }

    /// A date as it goes on the wire, such as `2026-11-23T21:40:00.125Z`.
    public static func text(_ date: Date) -> String { date.formatted(dateStyle) }

    /// Reads a date with or without fractions of a second; nil when it is not one.
    public static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: dateStyle)) ?? (try? Date(text, strategy: .iso8601))
    }

    private static let dateStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// Foundation writes UUIDs in upper case, and its encoder has no hook for them; RFC 9562 asks for lower case, and
    /// operators compare them as text in SQL. So each quoted 8-4-4-4-12 group of hex digits is put in lower case.
    private static func lowercaseUUIDs(_ bytes: inout [UInt8]) {
        let quote = UInt8(ascii: "\""), dash = UInt8(ascii: "-")
        var index = 0
        bytes.withUnsafeMutableBufferPointer { buffer in
            while index + 37 < buffer.count {
                guard buffer[index] == quote, buffer[index + 37] == quote, buffer[index + 9] == dash else {
                    index += 1
                    continue
                }
                let isUUID = (1...36).allSatisfy { offset in
                    switch offset {
                    case 9, 14, 19, 24: buffer[index + offset] == dash
                    default: isHexDigit(buffer[index + offset])
                    }
                }
                if isUUID {
                    for offset in 1...36 where buffer[index + offset] >= UInt8(ascii: "A") {
                        buffer[index + offset] |= 0x20
                    }
                    index += 37
                } else {
                    index += 1
                }
            }
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
