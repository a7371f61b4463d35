/// A message of core NATS.
public struct NATSMessage: Sendable {
    public let subject: String
    /// Where an answer is expected; nil if none is.
    public let reply: String?
    public let headers: NATSHeaders
    public let payload: [UInt8]

    public init(subject: String, reply: String? = nil, headers: NATSHeaders = [:], payload: [UInt8] = []) {
        self.subject = subject
        self.reply = reply
        self.headers = headers
        self.payload = payload
    }
}
