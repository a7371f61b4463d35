import Outbox
import Synchronization

/// A durable consumer in the test's hand: what was put in is delivered until it is acknowledged or terminated.
final class FakeBroker: ConsumerBroker, ConsumerSubscription {
    struct Entry {
        let event: OutboxEvent
        var deliveries = 0
        var isOut = false
        var end: End?
    }

    enum End: Equatable { case acknowledged, terminated }

    private let entries = Mutex<[UInt64: Entry]>([:])
    private let arrived = Wakeup()

    func put(_ event: OutboxEvent, sequence: UInt64) {
        entries.withLock { $0[sequence] = Entry(event: event) }
        arrived.notify()
    }

    func end(of sequence: UInt64) -> End? { entries.withLock { $0[sequence]?.end } }
    func deliveries(of sequence: UInt64) -> Int { entries.withLock { $0[sequence]?.deliveries ?? 0 } }
    var isDone: Bool { entries.withLock { $0.values.allSatisfy { $0.end != nil } } }

    func subscription(stream: String, durable: String) async throws -> any ConsumerSubscription { self }

    func fetch(max: Int, wait: Duration) async throws -> [any Delivery] {
        while !Task.isCancelled {
            let found = take(max)
            if !found.isEmpty { return found }
            await arrived.wait(upTo: wait)
        }
        throw CancellationError()
    }

    private func take(_ max: Int) -> [any Delivery] {
        entries.withLock { entries in
            let due = entries.filter { $0.value.end == nil && !$0.value.isOut }.keys.sorted().prefix(max)
            return due.map { sequence in
                entries[sequence]?.deliveries += 1
                entries[sequence]?.isOut = true
                let entry = entries[sequence]
                return FakeDelivery(
                    broker: self, subject: entry?.event.type ?? "", payload: entry?.event.json ?? [],
                    streamSequence: sequence, deliveryCount: entry?.deliveries ?? 0)
            }
        }
    }

    fileprivate func answer(_ sequence: UInt64, _ end: End?) {
        entries.withLock { entries in
            entries[sequence]?.isOut = false
            entries[sequence]?.end = end
        }
        arrived.notify()
    }
}

private struct FakeDelivery: Delivery {
    let broker: FakeBroker
    let subject: String
    let payload: [UInt8]
    let streamSequence: UInt64
    let deliveryCount: Int

    func acknowledge() { broker.answer(streamSequence, .acknowledged) }
    func retry(after delay: Duration) { broker.answer(streamSequence, nil) }
    func terminate(reason: String) { broker.answer(streamSequence, .terminated) }
    func inProgress() {}
}
