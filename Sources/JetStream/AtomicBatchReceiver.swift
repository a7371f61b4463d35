/// Waits for the outcome of an atomic batch: an error at the first message, or the answer to the last.
final class AtomicBatchReceiver: ReplyReceiver {
    let answer = Promise<Result<Result<PubAck, JetStreamError>, NATSError>>()
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
        guard case .success(let ack) = result else {
            answer.resolve(.success(result))
            return true
        }
        guard ack.batchSize == count else {
            // A server before 2.12 does not know batches and has stored the messages one by one.
            let text = "the server does not know atomic batches; it has stored the messages as single ones"
            answer.resolve(.success(.failure(JetStreamError(.batchRejected, text))))
            return true
        }
        answer.resolve(.success(result))
        return true
    }

    func fail(_ error: NATSError) {
        answer.resolve(.failure(error))
    }
}
