/// What a consumer needs of a broker.
public protocol ConsumerBroker: Sendable {
    /// Binds to a durable consumer, which must exist.
    func subscription(stream: String, durable: String) async throws -> any ConsumerSubscription
}

/// A bound durable consumer.
public protocol ConsumerSubscription: Sendable {
    /// Up to `max` messages: returns as soon as at least one is at hand, or none after `wait`.
    /// - Throws: when the broker is away; the runner waits and calls again.
    func fetch(max: Int, wait: Duration) async throws -> [any Delivery]
}

/// One delivery of one message. The answers are sent without waiting; one that is lost leads to another delivery, which
/// the inbox makes harmless.
public protocol Delivery: Sendable {
    var subject: String { get }
    var payload: [UInt8] { get }
    var streamSequence: UInt64 { get }
    /// 1 at the first delivery.
    var deliveryCount: Int { get }
    /// Done.
    func acknowledge()
    /// Deliver again, not before `delay`.
    func retry(after delay: Duration)
    /// Never deliver again: it was dead-lettered.
    func terminate(reason: String)
    /// Still at it: restarts the time in which the broker waits for an answer.
    func inProgress()
}
