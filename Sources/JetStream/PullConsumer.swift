import Synchronization

/// A durable pull consumer, made by ``JetStreamContext/pullConsumer(stream:durable:)``. May be shared: each of several
/// fetches at a time gets its own messages.
///
/// A fetch is one pull request with `no_wait` and `expires`: the server answers with what is at hand, or, when there is
/// nothing, waits until something is, and ends the request as soon as nothing more is at hand.
public struct PullConsumer: Sendable {
    public let stream: String
    public let durable: String
    private let pool: Pool

    init(connection: NATSConnection, api: String, stream: String, durable: String) {
        self.stream = stream
        self.durable = durable
        pool = Pool(connection: connection, subject: "\(api)CONSUMER.MSG.NEXT.\(stream).\(durable)")
    }

    /// Fetches messages: returns as soon as at least one has come and nothing more is at hand, at the latest with
    /// `max`; with none after `expires`.
    ///
    /// `max` should not exceed the consumer's `maxAckPending`: what exceeds it cannot come until others are acked, and
    /// the fetch returns only after a pause of 20 ms without a message.
    ///
    /// A connection lost meanwhile ends the fetch with what has come, or with `disconnected`; the next fetch waits for
    /// the connection to be back, for at most `expires`. When the task is cancelled, what has come and what comes late
    /// is given back to the server at once (nak).
    ///
    /// Throws `disconnected`, `closed`, `cancelled`, `consumerNotFound`, `noResponders`, `timeout` (a server that does
    /// not even send the heartbeats that are due), `unavailable` (the consumer's leader changes), `invalidArgument`.
    public func fetch(max: Int, expires: Duration) async throws(JetStreamError) -> [JetStreamDelivery] {
        guard max > 0, expires >= .milliseconds(1) else {
            throw JetStreamError(.invalidArgument, "fetch needs max > 0 and expires of 1 ms or more")
        }
        guard NATSSubject.isValidName(stream), NATSSubject.isValidName(durable) else {
            throw JetStreamError(.invalidArgument, "not a stream and a consumer: \(stream), \(durable)")
        }
        let deadline = ContinuousClock.now + expires
        let core = pool.connection.core
        while true {
            let rest = ContinuousClock.now.duration(to: deadline)
            guard await core.waitUntilConnected(timeout: rest) else { throw Self.notConnected(core) }
            let lane = try pool.take()
            let outcome = await lane.fetch(max: max, expires: Swift.max(.milliseconds(1), rest))
            pool.giveBack(lane)
            switch outcome {
            case .messages(let messages):
                return messages
            case .nothing:
                return []
            case .failed(let error):
                throw error
            case .othersWait:
                // Requests of others ask for more than there is. Soon they will have it; then ours can wait in line.
                let pause = min(.milliseconds(20), ContinuousClock.now.duration(to: deadline))
                guard pause > .zero else { return [] }
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    throw JetStreamError(.cancelled, "the task was cancelled")
                }
            }
        }
    }

    private static func notConnected(_ core: ConnectionCore) -> JetStreamError {
        if Task.isCancelled { return JetStreamError(.cancelled, "the task was cancelled") }
        do throws(NATSError) {
            _ = try core.maxPayload()
            return JetStreamError(.disconnected, "the connection came back too late for this fetch")
        } catch {
            return JetStreamError(error)
        }
    }

    /// The lanes that are not in use. The last reference to the consumer closes them.
    private final class Pool: Sendable {
        let connection: NATSConnection
        private let subject: String
        private let idle = Mutex<[PullLane]>([])

        init(connection: NATSConnection, subject: String) {
            self.connection = connection
            self.subject = subject
        }

        deinit {
            for lane in idle.withLock({ $0 }) { lane.discard() }
        }

        func take() throws(JetStreamError) -> PullLane {
            if let lane = idle.withLock({ $0.popLast() }) { return lane }
            do throws(NATSError) {
                return try PullLane(connection: connection, subject: subject)
            } catch {
                throw JetStreamError(error)
            }
        }

        func giveBack(_ lane: PullLane) {
            guard lane.isUsable else { return }
            idle.withLock { $0.append(lane) }
            guard let uses = lane.openUses else { return }
            // Its request is still open: messages that come are for the next fetch, if that comes soon.
            _ = connection.core.timeouts.schedule(after: .seconds(2)) { [weak self] in self?.retire(lane, uses) }
        }

        private func retire(_ lane: PullLane, _ uses: Int) {
            let found = idle.withLock { idle in
                guard lane.openUses == uses, let index = idle.firstIndex(where: { $0 === lane }) else { return false }
                idle.remove(at: index)
                return true
            }
            if found { lane.discard() }
        }
    }
}
