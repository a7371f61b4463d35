import Outbox
import Synchronization

/// A durable consumer that delivers a list of messages, each as often as it stands in it.
final class ListBroker: ConsumerBroker, ConsumerSubscription {
    private struct State {
        var left: [InboundEvent]
        var acknowledged = 0
    }

    private let state: Mutex<State>
    private let batch: Int

    init(_ events: [InboundEvent], batch: Int) {
        state = Mutex(State(left: events))
        self.batch = batch
    }

    var acknowledged: Int { state.withLock { $0.acknowledged } }

    func subscription(stream: String, durable: String) async throws -> any ConsumerSubscription { self }

    func fetch(max: Int, wait: Duration) async throws -> [any Delivery] {
        let next = state.withLock { state in
            let next = state.left.prefix(min(max, batch))
            state.left.removeFirst(next.count)
            return Array(next)
        }
        // An empty fetch is one that waited in vain; its time-out, not a wait for something to happen.
        if next.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        return next.map { ListDelivery(broker: self, event: $0) }
    }

    fileprivate func acknowledge() { state.withLock { $0.acknowledged += 1 } }

    fileprivate func again(_ event: InboundEvent) { state.withLock { $0.left.append(event) } }
}

private struct ListDelivery: Delivery {
    let broker: ListBroker
    let event: InboundEvent

    var subject: String { event.type }
    var payload: [UInt8] { event.json }
    var streamSequence: UInt64 { event.streamSequence }
    var deliveryCount: Int { 1 }

    func acknowledge() { broker.acknowledge() }
    func retry(after delay: Duration) { broker.again(event) }
    func terminate(reason: String) {}
    func inProgress() {}
}
