import Foundation
import Synchronization

/// What became of one order of a load.
struct LoadedOrder: Sendable {
    let outcome: LoadOutcome
    /// By this process's clock.
    let startedAt: Date
    var orderID: UUID?
    /// From the first try until it was accepted, in milliseconds.
    var postMilliseconds: Double?
    /// Tries that were not accepted.
    var failedTries = 0
    var status: String?
    var reason: String?
    /// By the database's clock.
    var endedAt: Date?

    /// Whether it ended as it should.
    var isAsExpected: Bool { status == outcome.expected.status && reason == outcome.expected.reason }
}

/// The orders of a load while it runs.
final class LoadRecord: Sendable {
    private struct State {
        var orders: [LoadedOrder?]
        var next = 0
        var places: [UUID: Int] = [:]
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(orders: Array(repeating: nil, count: count)))
    }

    /// The number of the next order to be placed; nil when all are.
    func takeNext() -> Int? {
        state.withLock { state in
            guard state.next < state.orders.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func note(_ order: LoadedOrder, at index: Int) {
        state.withLock { state in
            state.orders[index] = order
            if let id = order.orderID { state.places[id] = index }
        }
    }

    func noteEnd(of id: UUID, status: String, reason: String?, at date: Date?) {
        state.withLock { state in
            guard let index = state.places[id] else { return }
            state.orders[index]?.status = status
            state.orders[index]?.reason = reason
            state.orders[index]?.endedAt = date
        }
    }

    var orders: [LoadedOrder] { state.withLock { $0.orders.compactMap { $0 } } }
    /// Accepted, and not seen to have ended.
    var open: [UUID] { orders.filter { $0.endedAt == nil }.compactMap(\.orderID) }
    var accepted: [UUID] { orders.compactMap(\.orderID) }
}
