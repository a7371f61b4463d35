/// Names a failed try, so that it is counted once however often it is told.
///
/// Its charge names it. A try that failed before there was a charge is named by the payment method and the reason, which the
/// next one may share: so when an event tells of it, its time belongs to the name. A snapshot without a time then tells
/// nothing new, and the event of a try that a snapshot had told of first names that one.
struct FailedTry: Sendable, Hashable {
    /// As a snapshot tells it.
    let key: String
    /// Stripe's code, for people.
    let reason: String
    /// As an event tells it; nil when it is not from an event, or its charge names it.
    var timedKey: String?
}
