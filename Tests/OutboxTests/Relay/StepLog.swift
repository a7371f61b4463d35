import Synchronization
import TestSupport

@testable import Outbox

/// Which steps a relay has passed, and what is to happen at one of them.
final class StepLog: Sendable {
    private struct State {
        var counts: [RelayStep: Int] = [:]
        var planned: (step: RelayStep, passing: Int, action: @Sendable () async throws -> Void)?
    }

    private let state = Mutex(State())

    /// Does this when the relay passes the step the next time, and keeps the relay there until it is done.
    func next(_ step: RelayStep, _ action: @escaping @Sendable () async throws -> Void) {
        state.withLock { $0.planned = (step, ($0.counts[step] ?? 0) + 1, action) }
    }

    func passed(_ step: RelayStep) async throws {
        let action = state.withLock { state in
            state.counts[step, default: 0] += 1
            guard let planned = state.planned, planned.step == step, planned.passing == state.counts[step] else {
                return nil as (@Sendable () async throws -> Void)?
            }
            state.planned = nil
            return planned.action
        }
        try await action?()
    }

    func count(_ step: RelayStep) -> Int { state.withLock { $0.counts[step] ?? 0 } }

    /// What was planned has happened.
    var isDone: Bool { state.withLock { $0.planned == nil } }

    /// Waits until the relay has gone round so many times more: what it would do wrong it has done then.
    func rounds(_ more: Int = 3, _ what: String = "the relay goes on looking") async throws {
        let start = count(.rowsRead)
        try await eventually(what) { count(.rowsRead) >= start + more }
    }
}
