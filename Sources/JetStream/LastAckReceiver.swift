/// Waits for the answer to the last message of a chain.
final class LastAckReceiver: BatchAnswerReceiver {
    let outcome = Promise<Result<PubAck, JetStreamError>>()
    let expiry = Expiry()
    private let subject: String

    init(subject: String) {
        self.subject = subject
    }

    func receive(_ message: borrowing ReceivedMessage, index: Int) -> Bool {
        complete(PubAck.result(message, subject: subject))
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
