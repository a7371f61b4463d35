import Synchronization

/// Collects the acknowledgements of messages that were sent together, by their index.
final class PublishWindow: ReplyReceiver {
    private struct State {
        var results: [Result<PubAck, JetStreamError>?]
        var missing: Int
    }

    let outcomes = Promise<[Result<PubAck, JetStreamError>]>()
    let expiry = Expiry()
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

    private func complete(_ all: [Result<PubAck, JetStreamError>]) {
        outcomes.resolve(all)
        expiry.end()
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
