import Synchronization

/// Collects the acknowledgements of messages that were sent together, by their index.
final class PublishWindow: ReplyReceiver {
    private struct State {
        var results: [Result<PubAck, JetStreamError>?]
        var missing: Int
        var timer: (queue: TimeoutQueue, id: TimeoutQueue.ID)?
    }

    let outcomes = Promise<[Result<PubAck, JetStreamError>]>()
    private let state: Mutex<State>
    private let subjects: @Sendable (Int) -> String

    /// - Parameter known: the outcome of messages that are not sent; nil for those that are.
    init(known: [Result<PubAck, JetStreamError>?], subjects: @escaping @Sendable (Int) -> String) {
        let missing = known.count { $0 == nil }
        state = Mutex(State(results: known, missing: missing))
        self.subjects = subjects
        if missing == 0 { outcomes.resolve(known.compactMap(\.self)) }
    }

    func receive(_ message: borrowing ReceivedMessage, index: Int) -> Bool {
        let result = PubAck.result(message, subject: subjects(index))
        let all: [Result<PubAck, JetStreamError>]? = state.withLock { state in
            guard state.results.indices.contains(index), state.results[index] == nil else { return nil }
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0 ? state.results.compactMap(\.self) : nil
        }
        guard let all else { return false }
        complete(all)
        return true
    }

    /// Gives up the token after a time.
    func expire(_ token: UInt64, after timeout: Duration, _ core: ConnectionCore) {
        let id = core.timeouts.schedule(after: timeout) {
            core.abandon(token, NATSError(.timeout, "no acknowledgement within \(timeout)\(core.hint)"))
        }
        let isLate = state.withLock { state in
            state.timer = (core.timeouts, id)
            return state.missing == 0
        }
        if isLate { core.timeouts.cancel(id) }
    }

    private func complete(_ all: [Result<PubAck, JetStreamError>]) {
        outcomes.resolve(all)
        if let timer = state.withLock({ $0.timer }) { timer.queue.cancel(timer.id) }
    }

    /// The outcome of all that are not answered yet.
    func fail(_ error: NATSError) {
        let failure = JetStreamError(error)
        let all = state.withLock { state in
            state.missing = 0
            return state.results.map { $0 ?? .failure(failure) }
        }
        complete(all)
    }
}
