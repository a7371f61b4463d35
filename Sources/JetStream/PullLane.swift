import Foundation
import Synchronization

/// A subscription to an inbox of its own, for one fetch at a time.
///
/// A subscription of its own, because the messages of a pull request come with the subject they are stored under: on a
/// shared inbox nobody could tell whose they are.
final class PullLane: MessageTarget {
    enum Outcome: Sendable {
        case messages([JetStreamDelivery])
        /// The time is over.
        case nothing
        /// The server did not queue the request, because the requests before it ask for more than there is.
        case othersWait
        case failed(JetStreamError)
    }

    private struct State {
        /// Came and not yet returned.
        var buffer: [JetStreamDelivery] = []
        /// The request that the server may still answer; nil if it has said that it is over.
        var open: Request?
        var requests: UInt64 = 0
        var uses = 0
        /// The fetch that waits. Who sets it to nil gives it its outcome.
        var fetch: Fetch?
        /// Given up: whatever comes goes back.
        var isDiscarded = false
        var subscription: UInt64?
    }

    private struct Request {
        let number: UInt64
        var missing: Int
        var lastSign: ContinuousClock.Instant
    }

    private final class Fetch: Sendable {
        let max: Int
        let outcome = Promise<Outcome>()
        let gapTimer = Mutex<TimeoutQueue.ID?>(nil)

        init(max: Int) { self.max = max }
    }

    /// After so long without a message, in the midst of a batch, a fetch returns what it has.
    private static let gap = Duration.milliseconds(20)

    private let connection: NATSConnection
    private let subject: String
    private let inbox: String
    private let state = Mutex(State())

    init(connection: NATSConnection, subject: String) throws(NATSError) {
        self.connection = connection
        self.subject = subject
        let prefix = connection.core.configuration.inboxPrefix
        inbox = "\(prefix).\(NATSLibrary.uniqueToken())."
        let id = try connection.core.startSubscription(inbox + "*", queueGroup: nil, self)
        state.withLock { $0.subscription = id }
    }

    var isUsable: Bool { state.withLock { !$0.isDiscarded } }

    /// Which use of the lane this is, if its request is open or messages are left; nil if it is at rest.
    var openUses: Int? { state.withLock { $0.open == nil && $0.buffer.isEmpty ? nil : $0.uses } }

    // MARK: Fetching

    func fetch(max: Int, expires: Duration) async -> Outcome {
        let fetch = Fetch(max: max)
        let heartbeat: Duration? = expires >= .seconds(1) ? min(expires / 4, .seconds(5)) : nil
        let request: UInt64? = state.withLock { state in
            state.uses += 1
            state.fetch = fetch
            if !state.buffer.isEmpty {
                resolve(&state)
                return nil
            }
            // What the fetch before left open is as good as a new request.
            guard state.open == nil else { return nil }
            state.requests += 1
            state.open = Request(number: state.requests, missing: max, lastSign: .now)
            return state.requests
        }
        if let request { send(request, max: max, expires: expires, heartbeat: heartbeat) }
        // The server ends the request in time; this is for when it does not.
        let timer = connection.core.timeouts.schedule(after: expires + .milliseconds(500)) {
            self.giveUp(fetch) { state in
                state.buffer.isEmpty ? .nothing : .messages(Self.takeBuffer(&state, fetch.max))
            }
        }
        let watch = heartbeat.map { watchHeartbeats(every: $0, fetch) }
        let outcome = await withTaskCancellationHandler {
            await fetch.outcome.value
        } onCancel: {
            self.giveUp(fetch) { _ in .failed(JetStreamError(.cancelled, "the task was cancelled")) }
        }
        connection.core.timeouts.cancel(timer)
        watch?.cancel()
        if let gap = fetch.gapTimer.withLock({ $0 }) { connection.core.timeouts.cancel(gap) }
        return outcome
    }

    private func send(_ number: UInt64, max: Int, expires: Duration, heartbeat: Duration?) {
        // By hand, because a fetch is too frequent for an encoder: all values are numbers.
        var body = "{\"batch\":\(max),\"no_wait\":true,\"expires\":\(expires.nanoseconds)"
        if let heartbeat { body += ",\"idle_heartbeat\":\(heartbeat.nanoseconds)" }
        body += "}"
        do throws(NATSError) {
            try connection.publish(subject, payload: Array(body.utf8), reply: inbox + String(number))
        } catch {
            end(.failed(JetStreamError(error)))
        }
    }

    /// Ends a fetch and the lane with it: unsubscribes, so that the server drops the request, and gives back what is on
    /// its way. What has come is given back too, unless `outcome` makes use of it. Nothing happens if the fetch has its
    /// outcome already.
    private func giveUp(_ fetch: Fetch, _ outcome: (inout State) -> Outcome) {
        let done: (Outcome, [JetStreamDelivery], UInt64?)? = state.withLock { state in
            guard state.fetch === fetch else { return nil }
            let outcome = outcome(&state)
            let (buffer, subscription) = Self.discard(&state)
            return (outcome, buffer, subscription)
        }
        guard let (outcome, buffer, subscription) = done else { return }
        end(buffer, subscription)
        // Last, so that whoever resumes finds the lane not usable any more.
        fetch.outcome.resolve(outcome)
    }

    /// Gives up a lane that nobody uses.
    func discard() {
        let (buffer, subscription) = state.withLock { Self.discard(&$0) }
        end(buffer, subscription)
    }

    private static func discard(_ state: inout State) -> ([JetStreamDelivery], subscription: UInt64?) {
        defer {
            state.isDiscarded = true
            state.open = nil
            state.fetch = nil
            state.buffer = []
            state.subscription = nil
        }
        return (state.buffer, state.subscription)
    }

    private func end(_ buffer: [JetStreamDelivery], _ subscription: UInt64?) {
        for delivery in buffer { delivery.nak() }
        if let subscription { connection.core.endSubscription(subscription, drain: true) }
    }

    // MARK: Heartbeats

    private final class Watch: Sendable {
        let timer = Mutex<TimeoutQueue.ID?>(nil)
        let core: ConnectionCore

        init(_ core: ConnectionCore) { self.core = core }

        func cancel() {
            if let id = timer.withLock({ $0 }) { core.timeouts.cancel(id) }
        }
    }

    /// A server that has neither a message nor a heartbeat for twice the time it was asked to send them in is gone.
    private func watchHeartbeats(every heartbeat: Duration, _ fetch: Fetch) -> Watch {
        let watch = Watch(connection.core)
        @Sendable func schedule() {
            let id = connection.core.timeouts.schedule(after: heartbeat) {
                guard !fetch.outcome.isResolved else { return }
                let silence = self.state.withLock { $0.open?.lastSign.duration(to: .now) ?? .zero }
                guard silence > heartbeat * 2 + .milliseconds(100) else { return schedule() }
                let text = "no heartbeat of the consumer for \(silence)"
                self.giveUp(fetch) { _ in .failed(JetStreamError(.timeout, text)) }
            }
            watch.timer.withLock { $0 = id }
        }
        schedule()
        return watch
    }

    // MARK: Receiving, on the library's thread

    func receive(_ message: borrowing ReceivedMessage) {
        guard let delivery = JetStreamDelivery(message, connection: connection) else {
            if let status = message.status { receive(status.code, status.text, message.subject) }
            return
        }
        let (isLate, gapFor): (Bool, Fetch?) = state.withLock { state in
            guard !state.isDiscarded else { return (true, nil) }
            state.buffer.append(delivery)
            state.open?.missing -= 1
            state.open?.lastSign = .now
            if let open = state.open, open.missing <= 0 { state.open = nil }
            if state.open == nil || state.buffer.count >= state.fetch?.max ?? .max {
                resolve(&state)
                return (false, nil)
            }
            return (false, state.buffer.count == 1 ? state.fetch : nil)
        }
        if isLate { delivery.nak() }
        if let gapFor { watchGap(gapFor, seen: 1) }
    }

    private func receive(_ code: Int, _ text: String, _ subject: String) {
        let number = UInt64(subject.dropFirst(inbox.utf8.count))
        switch (code, text) {
        case (100, _):
            state.withLock { $0.open?.lastSign = .now }
        case (404, _):
            end(.nothing, of: number)
        case (408, let text) where text.hasPrefix("Requests Pending"):
            end(.othersWait, of: number)
        case (408, _):
            end(.nothing, of: number)
        case (409, let text) where text.hasPrefix("Consumer Deleted"):
            end(.failed(JetStreamError(.consumerNotFound, "the consumer was deleted", code: code)), of: number)
        case (409, let text) where text.hasPrefix("Leadership Change") || text.hasPrefix("Server Shutdown"):
            end(.failed(JetStreamError(.unavailable, text, code: code)), of: number)
        case (409, let text) where text.hasPrefix("Exceeded MaxWaiting") || text.hasPrefix("Exceeded MaxAckPending"):
            end(.othersWait, of: number)
        case (409, let text) where text.hasPrefix("Batch Completed") || text.hasPrefix("Message Size Exceeds"):
            end(.nothing, of: number)
        case (503, _):
            let text = "no such consumer, or JetStream is not up"
            end(.failed(JetStreamError(.noResponders, text, code: code)), of: number)
        default:
            end(.failed(JetStreamError(.api, text, code: code)), of: number)
        }
    }

    /// The request is over: the fetch returns what has come, or `outcome` if nothing has.
    private func end(_ outcome: Outcome, of number: UInt64? = nil) {
        state.withLock { state in
            guard let open = state.open, number == nil || number == open.number else { return }
            state.open = nil
            if state.buffer.isEmpty {
                state.fetch?.outcome.resolve(outcome)
                state.fetch = nil
            } else {
                resolve(&state)
            }
        }
    }

    /// The connection was lost, and the request with it.
    func interrupted(_ error: NATSError) {
        end(.failed(JetStreamError(error)))
    }

    /// The connection was closed or drained: what is left goes to the fetch that waits, or back.
    func finish() {
        let buffer = state.withLock { state in
            if let fetch = state.fetch, state.buffer.isEmpty {
                state.fetch = nil
                fetch.outcome.resolve(.failed(JetStreamError(.closed, "the connection was closed")))
            } else {
                resolve(&state)
            }
            return Self.discard(&state).0
        }
        end(buffer, nil)
    }

    /// Returns early when the server stops in the midst of a batch: it does so when `max_ack_pending` is reached.
    private func watchGap(_ fetch: Fetch, seen: Int) {
        let id = connection.core.timeouts.schedule(after: Self.gap) {
            let next: Int? = self.state.withLock { state in
                guard state.fetch === fetch else { return nil }
                guard state.buffer.count == seen else { return state.buffer.count }
                self.resolve(&state)
                return nil
            }
            if let next { self.watchGap(fetch, seen: next) }
        }
        fetch.gapTimer.withLock { $0 = id }
    }

    /// Gives the waiting fetch, if there is one, what is there.
    private func resolve(_ state: inout State) {
        guard let fetch = state.fetch else { return }
        state.fetch = nil
        fetch.outcome.resolve(.messages(Self.takeBuffer(&state, fetch.max)))
    }

    private static func takeBuffer(_ state: inout State, _ max: Int) -> [JetStreamDelivery] {
        let taken = Array(state.buffer.prefix(max))
        state.buffer.removeFirst(taken.count)
        return taken
    }
}
