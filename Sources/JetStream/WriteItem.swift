/// What waits for the writer: everything that touches the socket goes through one queue, in order.
enum WriteItem: Sendable {
    /// A message; with a token, answers to the inbox are expected.
    case message(NATSMessage, token: UInt64?)
    /// A window of messages.
    case window([JetStreamMessage], token: UInt64, kind: Kind)
    case subscribe(id: UInt64)
    case unsubscribe(id: UInt64, drain: Bool)
    /// Resolved once the server has got everything before it, or with the reason why not.
    case flush(Promise<Result<Void, NATSError>>, deadline: ContinuousClock.Instant)

    /// Goes to the socket at once where that is shared: nothing of it waits in libnats's buffer.
    var isWindow: Bool {
        if case .window = self { true } else { false }
    }

    enum Kind: Sendable {
        /// Each message asks for an answer.
        case single
        /// The last message asks for an answer.
        case chain
        /// An atomic batch: the first message asks for an answer, to learn early of a refusal, and the last one.
        case batch(id: String)
    }
}
