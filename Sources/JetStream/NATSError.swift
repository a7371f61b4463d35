/// An error of the core NATS layer: connecting, publishing, subscribing, requests.
public struct NATSError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for decisions in code.
    public enum Code: String, Sendable, Hashable {
        /// No server could be reached.
        case connectFailed
        /// The server refused the credentials, or TLS could not be agreed on.
        case authorization
        /// There is no connection now, or it was lost while an answer was awaited. Whether the server got what was
        /// sent is not known.
        case disconnected
        /// The connection was closed by this process.
        case closed
        /// The connection is being drained: no new subscriptions.
        case draining
        /// No answer in time. Whether the server got what was sent is not known.
        case timeout
        /// Nobody subscribes to the subject of a request (status 503).
        case noResponders
        /// The task was cancelled.
        case cancelled
        /// A subject, header or setting that NATS does not allow. Nothing was sent.
        case invalidArgument
        /// Headers and payload exceed what the server takes (`max_payload`). Nothing was sent.
        case payloadTooLarge
        /// More is waiting to be written than ``NATSConfiguration/maxOutgoingBytes``. Nothing was sent.
        case outgoingFull
        /// A subscription's buffer was full: messages were dropped.
        case slowConsumer
        /// The server does not permit this user to publish or subscribe there.
        case permission
        /// Any other error that the server or the C library reported.
        case other
    }

    public let code: Code
    /// Names what was tried; never holds credentials.
    public let message: String
    /// Where it was thrown.
    public let file: String
    public let line: Int

    public init(_ code: Code, _ message: String, file: String = #fileID, line: Int = #line) {
        self.code = code
        self.message = message
        self.file = file
        self.line = line
    }

    public var description: String { "NATS \(code.rawValue): \(message)" }
}
