/// A message to be stored in a stream.
public struct JetStreamMessage: Sendable {
    public let subject: String
    public var headers: NATSHeaders
    public var payload: [UInt8]
    /// Found unfit to be sent: it stays in its window for the order's sake.
    var isSkipped = false

    /// - Parameters:
    ///   - id: `Nats-Msg-Id`, which the server dedupes by within the stream's duplicate window.
    ///   - expectedLastSequence: the message is refused (``JetStreamErrorCode/wrongLastSequence``) unless the last
    ///     message of the stream has exactly this sequence; 0: unless the stream has never had any.
    ///   - expectedStream: the message is refused if its subject belongs to another stream.
    public init(
        subject: String, headers: NATSHeaders = [:], payload: [UInt8] = [], id: String? = nil,
        expectedLastSequence: UInt64? = nil, expectedStream: String? = nil
    ) {
        self.subject = subject
        self.headers = headers
        self.payload = payload
        if let id { self.headers[JetStreamHeader.messageID] = id }
        if let expectedLastSequence {
            self.headers[JetStreamHeader.expectedLastSequence] = String(expectedLastSequence)
        }
        if let expectedStream { self.headers[JetStreamHeader.expectedStream] = expectedStream }
    }

    /// `Nats-Msg-Id`.
    public var id: String? { headers[JetStreamHeader.messageID] }
}
