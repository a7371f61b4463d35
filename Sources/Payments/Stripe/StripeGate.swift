import Logging
import Metrics
import Synchronization

/// Stands before every request to Stripe: ``StripeGateMachine`` says who may go, and here they wait.
///
/// It is this process's alone: several processes share Stripe's limit, so each is to have its part of it.
final class StripeGate: Sendable {
    private struct State {
        var machine: StripeGateMachine
        var waiters: [UInt64: CheckedContinuation<StripeGateMachine.Entry, any Error>] = [:]
        var lastID: UInt64 = 0
    }

    private let state: Mutex<State>
    private let logger: Logger
    private let open = Gauge(label: "stripe_circuit_open")
    private let inFlight = Gauge(label: "stripe_requests_in_flight")
    private let waiting = Gauge(label: "stripe_requests_waiting")

    init(_ limits: StripeGateLimits, logger: Logger) {
        state = Mutex(State(machine: StripeGateMachine(limits)))
        self.logger = logger
        open.record(0)
    }

    /// Waits for leave to make a request; ``leave(_:_:)`` must follow.
    /// - Throws: ``StripeError`` of the kind `unavailable`: it was not made; `CancellationError`.
    func enter(_ operation: String) async throws -> StripeGateMachine.Pass {
        switch try await entry() {
        case .go(let pass): return try await delay(pass, operation)
        case .shut(let after): throw refusal(operation, after)
        // Never handed out: whoever is to wait is told when the wait is over.
        case .wait: throw CancellationError()
        }
    }

    /// The request has ended.
    func leave(_ pass: StripeGateMachine.Pass, _ result: StripeGateMachine.Result) {
        let (turns, change) = state.withLock { state in
            let (turns, change) = state.machine.leave(pass, result, now: .now)
            tell(state.machine)
            return (
                turns.compactMap { turn in state.waiters.removeValue(forKey: turn.id).map { ($0, turn.entry) } }, change
            )
        }
        for (waiter, entry) in turns { waiter.resume(returning: entry) }
        switch change {
        case .opened(let pause):
            logger.error("stripe does not answer, nothing is asked for a while", metadata: ["pause": "\(pause)"])
        case .closed: logger.notice("stripe answers again")
        case nil: break
        }
    }

    private func entry() async throws -> StripeGateMachine.Entry {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<StripeGateMachine.Entry, any Error>? = state.withLock { state in
                    // Cancelled before the wait begins, the handler below has found nobody.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    let entry = state.machine.arrive(id, now: .now)
                    if entry == .wait { state.waiters[id] = continuation }
                    tell(state.machine)
                    return entry == .wait ? nil : .success(entry)
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.machine.withdraw(id)
                tell(state.machine)
                return state.waiters.removeValue(forKey: id)
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func delay(_ pass: StripeGateMachine.Pass, _ operation: String) async throws -> StripeGateMachine.Pass {
        var isCancelled = false
        if pass.delay > .zero {
            do { try await Task.sleep(for: pass.delay) } catch { isCancelled = true }
        }
        let shut = state.withLock { state in
            let shut = state.machine.start(pass, now: .now)
            tell(state.machine)
            return shut
        }
        if isCancelled || shut != nil { leave(pass, .abandoned) }
        if isCancelled { throw CancellationError() }
        if let shut { throw refusal(operation, shut) }
        return pass
    }

    private func refusal(_ operation: String, _ after: Duration) -> StripeError {
        Counter(label: "stripe_unsent_total", dimensions: [("operation", operation)]).increment()
        var error = StripeError(.unavailable, operation: operation)
        error.retryAfter = after
        return error
    }

    /// Under the lock, so that an older state is never shown after a newer one.
    private func tell(_ machine: StripeGateMachine) {
        open.record(machine.isOpen ? 1 : 0)
        inFlight.record(machine.inFlight)
        waiting.record(machine.waiting)
    }
}

extension StripeGateMachine.Result {
    /// What a failed request tells of Stripe's health: any answer of its own is a good sign, a decline too.
    init(_ error: StripeError) {
        switch error.kind {
        case .connection, .timeout: self = .failed
        // One that the key kept is of the past.
        case .api: self = error.isReplayed ? .answered : .failed
        case .malformed: self = (error.httpStatus ?? 0) >= 500 ? .failed : .answered
        // Two calls about one object: nothing that a lower rate would mend.
        case .rateLimited: self = error.code == "lock_timeout" ? .answered : .throttled
        case .card, .invalidRequest, .idempotency, .authentication: self = .answered
        case .unavailable: self = .abandoned
        }
    }
}
