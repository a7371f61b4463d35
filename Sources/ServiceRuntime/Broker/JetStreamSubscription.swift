import JetStream
import Outbox

/// A durable pull consumer as the outbox's consumer runner sees it.
struct JetStreamSubscription: ConsumerSubscription {
    let consumer: PullConsumer

    func fetch(max: Int, wait: Duration) async throws -> [any Delivery] {
        try await consumer.fetch(max: max, expires: wait).map(JetStreamBrokerDelivery.init)
    }
}

/// One delivery. Answers that are lost with the connection lead to another delivery after the consumer's ack wait.
struct JetStreamBrokerDelivery: Delivery {
    private let delivery: JetStreamDelivery

    init(_ delivery: JetStreamDelivery) { self.delivery = delivery }

    var subject: String { delivery.subject }
    var payload: [UInt8] { delivery.payload }
    var streamSequence: UInt64 { delivery.streamSequence }
    var deliveryCount: Int { delivery.deliveryCount }

    func acknowledge() { delivery.ack() }
    func retry(after delay: Duration) { delivery.nak(delay: delay) }
    func terminate(reason: String) { delivery.term(reason: reason) }
    func inProgress() { delivery.inProgress() }
}
