extension ConnectionCore {
    /// Settings that no retry can heal.
    func validate() -> Result<Void, NATSError> {
        do throws(NATSError) {
            let closure = SessionBox(core: self, generation: 0).retain()
            defer { SessionBox.release(closure) }
            try NATSOptions.with(configuration, callbacks: closure) { _ in }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Waits for what a receiver promises, at most `timeout` and as long as the task is not cancelled; then the token
    /// is given up.
    func wait<Value: Sendable>(
        for promise: Promise<Result<Value, NATSError>>, token: UInt64, timeout: Duration,
        onTimeout: @escaping @Sendable () -> String
    ) async throws(NATSError) -> Value {
        let timer = timeouts.schedule(after: timeout) {
            self.abandon(token, NATSError(.timeout, onTimeout() + self.hint))
        }
        let result = await withTaskCancellationHandler {
            await promise.value
        } onCancel: {
            self.abandon(token, NATSError(.cancelled, "the task was cancelled"))
        }
        timeouts.cancel(timer)
        return try result.get()
    }
}

/// Waits for the one answer to a request.
final class RequestReceiver: ReplyReceiver {
    let answer = Promise<Result<NATSMessage, NATSError>>()
    private let subject: String

    init(subject: String) {
        self.subject = subject
    }

    func receive(_ message: borrowing ReceivedMessage, index: Int) -> Bool {
        if message.isNoResponders {
            answer.resolve(.failure(NATSError(.noResponders, "nobody listens to \(subject)")))
        } else {
            answer.resolve(.success(message.message))
        }
        return true
    }

    func fail(_ error: NATSError) {
        answer.resolve(.failure(error))
    }
}
