import Foundation
import Outbox
import ServiceLifecycle

/// Lets a request wait for its order to move on: woken by this process's own sagas, and by a slow poll for those of other
/// replicas.
struct WaitForOrder: Sendable {
    let orders: OrderStore
    let signals: OrderSignals
    /// The time between two looks when nothing was signalled.
    let poll: Duration

    /// Reads the order until it is as wanted, or the time is up, or the service is stopping.
    /// - Parameter isReached: what is waited for.
    /// - Returns: the order as it was read last; nil when there is none.
    func callAsFunction(
        _ orderID: UUID, upTo limit: Duration, until isReached: @Sendable (OrderRecord) -> Bool
    ) async throws -> OrderRecord? {
        let end = ContinuousClock.now + limit
        let signal = signals.register(orderID)
        while true {
            guard let order = try await orders.find(orderID) else { return nil }
            let left = ContinuousClock.now.duration(to: end)
            if isReached(order) || left <= .zero || Task.isShuttingDownGracefully { return order }
            await signal.wait(upTo: min(left, poll))
            try Task.checkCancellation()
        }
    }
}

extension OrderRecord {
    /// Whether nothing happens any more until the customer acts: the order has ended, or awaits a payment that only the
    /// customer can confirm.
    var awaitsNobodyElse: Bool { status != .pending || (step == .paymentPending && !isPaidByServer) }
}
