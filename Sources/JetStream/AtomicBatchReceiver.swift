/// Waits for the outcome of an atomic batch: an error at the first message, or the answer to the last.
final class AtomicBatchReceiver: BatchAnswerReceiver {
    let outcome = Promise<Result<PubAck, JetStreamError>>()
    let expiry = Expiry()
    private let count: Int
    private let subject: String

    init(count: Int, subject: String) {
        self.count = count
        self.subject = subject
    }

    func receive(_ message: borrowing ReceivedMessage, index: Int) -> Bool {
        // The server says with an empty answer that it has begun the batch.
        if index < count - 1, message.payloadCount == 0, !message.isNoResponders { return false }
        let result = PubAck.result(message, subject: subject)
        if case .success(let ack) = result, ack.batchSize != count {
            // A server before 2.12 does not know batches and has stored the messages one by one.
            let text = "the server does not know atomic batches; it has stored the messages as single ones"
            complete(.failure(JetStreamError(.batchRejected, text)))
        } else {
            complete(result)
        }
        return true
    }

    func fail(_ error: NATSError) {
        complete(.failure(JetStreamError(error)))
    }

    func complete(_ result: Result<PubAck, JetStreamError>) {
        outcome.resolve(result)
        expiry.end()
    }
}
