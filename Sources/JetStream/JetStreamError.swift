/// An error of JetStream: its server's refusal, or the connection's trouble on the way there.
public struct JetStreamError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for decisions in code.
    public enum Kind: String, Sendable, Hashable {
        /// No answer in time. What was asked may have been done.
        case timeout
        /// Nobody listens to the subject: no stream has it, or JetStream is off or not up yet. Nothing was stored.
        case noResponders
        /// There is no connection, or it was lost while the answer was awaited: then what was asked may have been done.
        case disconnected
        /// The connection was closed or is being drained by this process.
        case closed
        /// The task was cancelled. What was asked may have been done.
        case cancelled
        /// A subject, header, name or number that cannot be sent. Nothing was sent.
        case invalidArgument
        /// The message exceeds what the server or the stream takes. It was not stored.
        case messageTooLarge
        /// Too much waits to be written on this connection. Nothing was sent.
        case outgoingFull
        /// The stream's last sequence, message id or subject sequence was not the expected one. It was not stored.
        case wrongLastSequence
        case streamNotFound
        case consumerNotFound
        case messageNotFound
        /// A stream or consumer of that name exists with another configuration.
        case nameInUse
        /// An atomic batch was refused as a whole: not enabled, incomplete, too large, or with a duplicate message id.
        case batchRejected
        /// The server cannot do it now: starting, without a leader, out of resources.
        case unavailable
        /// An answer that is not understood.
        case invalidAnswer
        /// Any other refusal: see ``JetStreamError/errorCode``.
        case api
    }

    public let kind: Kind
    /// As in HTTP; 0 if the error is not the server's.
    public let code: Int
    /// JetStream's own number (`err_code`), see ``JetStreamErrorCode``; 0 if the error is not the server's.
    public let errorCode: Int
    public let message: String
    /// Where it was thrown.
    public let file: String
    public let line: Int

    public init(
        _ kind: Kind, _ message: String, code: Int = 0, errorCode: Int = 0, file: String = #fileID, line: Int = #line
    ) {
        self.kind = kind
        self.code = code
        self.errorCode = errorCode
        self.message = message
        self.file = file
        self.line = line
    }

    /// A refusal by the server.
    init(code: Int, errorCode: Int, description: String, file: String = #fileID, line: Int = #line) {
        self.init(
            JetStreamErrorCode.kind(errorCode, code: code), description, code: code, errorCode: errorCode, file: file,
            line: line)
    }

    init(_ error: NATSError) {
        let kind: Kind =
            switch error.code {
            case .timeout: .timeout
            case .noResponders: .noResponders
            case .disconnected, .connectFailed, .authorization: .disconnected
            case .closed, .draining: .closed
            case .cancelled: .cancelled
            case .invalidArgument: .invalidArgument
            case .payloadTooLarge: .messageTooLarge
            case .outgoingFull: .outgoingFull
            case .slowConsumer, .permission, .other: .api
            }
        self.init(kind, error.message, file: error.file, line: error.line)
    }

    /// True when the same call may succeed later, without any change to it.
    public var isTransient: Bool {
        switch kind {
        case .timeout, .noResponders, .disconnected, .outgoingFull, .unavailable: true
        case .closed, .cancelled, .invalidArgument, .messageTooLarge, .wrongLastSequence, .streamNotFound,
            .consumerNotFound, .messageNotFound, .nameInUse, .batchRejected, .invalidAnswer, .api:
            false
        }
    }

    /// True when what was sent may have been stored or done although this error came.
    public var isOutcomeUnknown: Bool {
        switch kind {
        case .timeout, .disconnected, .cancelled, .closed, .invalidAnswer: true
        case .noResponders, .invalidArgument, .messageTooLarge, .outgoingFull, .wrongLastSequence, .streamNotFound,
            .consumerNotFound, .messageNotFound, .nameInUse, .batchRejected, .unavailable, .api:
            false
        }
    }

    public var description: String {
        errorCode == 0
            ? "JetStream \(kind.rawValue): \(message)" : "JetStream \(kind.rawValue) (\(errorCode)): \(message)"
    }
}
