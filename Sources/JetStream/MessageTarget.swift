/// Takes the messages of one subscription, on a thread of the C library: it must not block.
protocol MessageTarget: Sendable {
    func receive(_ message: borrowing ReceivedMessage)
    /// No more messages will come: unsubscribed and drained, or the connection was closed by this process.
    func finish()
    /// The connection was lost; the subscription is made again with the next one.
    func interrupted(_ error: NATSError)
    /// How many messages have come and were not read yet.
    var unread: Int { get }
}

extension MessageTarget {
    func interrupted(_ error: NATSError) {}
    var unread: Int { 0 }
}

/// Waits for the answers to what was sent with one token. It gets answers and at most one failure, from any thread;
/// after it has said that it is complete, nothing.
protocol ReplyReceiver: AnyObject, Sendable {
    /// `index` is the second part of the reply subject, 0 if there is none. True: complete, expects no more.
    func receive(_ message: borrowing ReceivedMessage, index: Int) -> Bool
    func fail(_ error: NATSError)
}

/// One that gets one outcome for many messages.
protocol BatchAnswerReceiver: ReplyReceiver {
    var expiry: Expiry { get }
    func complete(_ result: Result<PubAck, JetStreamError>)
}
