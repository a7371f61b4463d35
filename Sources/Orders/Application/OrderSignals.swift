import Foundation
import Outbox
import ServiceLifecycle
import Synchronization

/// Tells waiting requests of this process that something has happened to an order. What another
/// replica has done is found by ``OrderWatch``.
final class OrderSignals: Sendable {
    private let waiting = Mutex<[UUID: [ObjectIdentifier: Wakeup]]>([:])

    /// How many wait, for tests.
    var count: Int { waiting.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// The orders that somebody waits for.
    var orders: [UUID] { waiting.withLock { Array($0.keys) } }

    /// Wakes all who wait for these orders.
    func notify(_ orderIDs: some Sequence<UUID>) {
        let wakeups = waiting.withLock { waiting in
            orderIDs.flatMap { waiting[$0].map { Array($0.values) } ?? [] }
        }
        for wakeup in wakeups { wakeup.notify() }
    }

    /// Waits for one order from now on, until the registration is dropped. What is read after this and then waited for
    /// cannot be missed.
    func register(_ orderID: UUID) -> Registration {
        let registration = Registration(orderID: orderID, signals: self)
        waiting.withLock { $0[orderID, default: [:]][registration.id] = registration.wakeup }
        return registration
    }

    private func remove(_ registration: Registration) {
        waiting.withLock { waiting in
            waiting[registration.orderID]?[registration.id] = nil
            if waiting[registration.orderID]?.isEmpty == true { waiting[registration.orderID] = nil }
        }
    }

    /// One who waits.
    final class Registration: Sendable {
        fileprivate let orderID: UUID
        fileprivate let wakeup = Wakeup()
        private let signals: OrderSignals

        fileprivate init(orderID: UUID, signals: OrderSignals) {
            self.orderID = orderID
            self.signals = signals
        }

        deinit { signals.remove(self) }

        fileprivate var id: ObjectIdentifier { ObjectIdentifier(wakeup) }

        /// Waits until something happens to the order, the time is up, the service begins to stop, or the task is
        /// cancelled.
        func wait(upTo limit: Duration) async {
            await withGracefulShutdownHandler {
                _ = await wakeup.wait(upTo: limit)
            } onGracefulShutdown: { [wakeup] in
                wakeup.notify()
            }
        }
    }
}
