public import Foundation

/// A message read from a stream, not through a consumer.
public struct StoredMessage: Sendable {
    public let subject: String
    public let sequence: UInt64
    public let headers: NATSHeaders
    public let payload: [UInt8]
    /// When it was stored.
    public let time: Date

    /// The answer of `STREAM.MSG.GET`.
    struct Answer: Decodable {
        let message: StoredMessage

        enum CodingKeys: String, CodingKey {
            case message
        }

        enum MessageKeys: String, CodingKey {
            case subject, seq, hdrs, data, time
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
                .nestedContainer(keyedBy: MessageKeys.self, forKey: .message)
            message = StoredMessage(
                subject: try container.decode(String.self, forKey: .subject),
                sequence: try container.decode(UInt64.self, forKey: .seq),
                headers: StoredMessage.headers(try container.decodeIfPresent(Data.self, forKey: .hdrs)),
                payload: (try container.decodeIfPresent(Data.self, forKey: .data)).map { Array($0) } ?? [],
                time: try container.decodeTime(.time) ?? .distantPast)
        }
    }

    /// The header block as it goes on the wire: `NATS/1.0`, then `name: value` lines.
    static func headers(_ block: Data?) -> NATSHeaders {
        var headers = NATSHeaders()
        guard let block else { return headers }
        let text = String(decoding: block, as: UTF8.self)
        for line in text.split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingPrefix { $0 == " " || $0 == "\t" }
            headers.add(String(line[..<colon]), String(value))
        }
        return headers
    }
}
