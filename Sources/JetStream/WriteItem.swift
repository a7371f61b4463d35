/// What waits for the writer: everything that touches the socket goes through one queue, in order.
enum WriteItem: Sendable {
    /// A message; with a token, answers to the inbox are expected.
    case message(NATSMessage, token: UInt64?)
    /// A window of messages. `replies` says which of them ask for an answer.
    case window([JetStreamMessage], token: UInt64, replies: Replies)
    case subscribe(id: UInt64)
    case unsubscribe(id: UInt64, drain: Bool)
    /// Resolved once the server has got everything before it, or with the reason why not.
    case flush(Promise<Result<Void, NATSError>>, deadline: ContinuousClock.Instant)

    enum Replies: Sendable {
        case all
        /// Of an atomic batch: to learn early of a refusal, and at the end.
        case firstAndLast
    }
}
