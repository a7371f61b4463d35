import Foundation

/// The server's word that it has stored a message (or a whole atomic batch). How durable that is, is the server's
/// `sync_interval`.
public struct PubAck: Sendable, Hashable {
    public let stream: String
    /// Of the message, or of the last one of an atomic batch.
    public let sequence: UInt64
    /// True: not stored again, the id was seen within the duplicate window; `sequence` is that of the first.
    public let isDuplicate: Bool
    /// How many messages an atomic batch had; nil for a single message.
    public let batchSize: Int?

    public init(stream: String, sequence: UInt64, isDuplicate: Bool = false, batchSize: Int? = nil) {
        self.stream = stream
        self.sequence = sequence
        self.isDuplicate = isDuplicate
        self.batchSize = batchSize
    }

    /// What the server answered to a published message.
    static func result(_ message: borrowing ReceivedMessage, subject: String) -> Result<PubAck, JetStreamError> {
        if message.isNoResponders {
            return .failure(JetStreamError(.noResponders, "no stream has the subject \(subject)", code: 503))
        }
        return message.withPayload { bytes in
            if let ack = PubAckScanner.scan(bytes) { return .success(ack) }
            do {
                return try JSONDecoder().decode(Answer.self, from: Data(bytes)).result
            } catch {
                let text = String(decoding: bytes, as: UTF8.self)
                return .failure(JetStreamError(.invalidAnswer, "not a publish acknowledgement: \(text)"))
            }
        }
    }

    private struct Answer: Decodable {
        let stream: String?
        let seq: UInt64?
        let duplicate: Bool?
        let count: Int?
        let error: APIError?

        var result: Result<PubAck, JetStreamError> {
            if let error { return .failure(error.jetStreamError) }
            guard let stream, let seq else {
                return .failure(JetStreamError(.invalidAnswer, "a publish acknowledgement without stream and sequence"))
            }
            return .success(
                PubAck(stream: stream, sequence: seq, isDuplicate: duplicate ?? false, batchSize: count))
        }
    }
}
