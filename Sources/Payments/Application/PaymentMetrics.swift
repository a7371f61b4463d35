import Metrics
import Synchronization

/// The payment service's metrics. Names are API.
final class PaymentMetrics: Sendable {
    /// How many of the payments that ended last the rates are of.
    private static let window = 1000

    private struct Rates {
        /// Whether each succeeded, oldest first from `next` on once it is full.
        var outcomes: [Bool] = []
        var next = 0
        var succeeded = 0
    }

    private let rates = Mutex(Rates())
    private let successRate = Gauge(label: "payment_success_rate")
    private let failedRate = Gauge(label: "payment_failed_rate")

    /// A payment has ended, charged or failed for good.
    func ended(succeeded: Bool) {
        Counter(label: "payment_ended_total", dimensions: [("outcome", succeeded ? "succeeded" : "failed")]).increment()
        let rate = rates.withLock { rates in
            if rates.outcomes.count < Self.window {
                rates.outcomes.append(succeeded)
            } else {
                if rates.outcomes[rates.next] { rates.succeeded -= 1 }
                rates.outcomes[rates.next] = succeeded
                rates.next = (rates.next + 1) % Self.window
            }
            if succeeded { rates.succeeded += 1 }
            return Double(rates.succeeded) / Double(rates.outcomes.count)
        }
        successRate.record(rate)
        failedRate.record(1 - rate)
    }

    /// An event of Stripe's was taken. Types that this service does not handle count as one, so that the label stays
    /// bounded.
    func webhook(type: String, outcome: String) {
        let label = StripeEventRule.handledTypes.contains(type) ? type : "other"
        Counter(label: "webhook_processed_total", dimensions: [("type", label), ("outcome", outcome)]).increment()
    }

    /// A person has to look.
    func alert(_ code: String) {
        Counter(label: "payment_alerts_total", dimensions: [("code", code)]).increment()
    }

    /// A refund failed, or was cancelled at Stripe: its money did not go back.
    func refundFailed(_ origin: RefundOrigin) {
        Counter(label: "payment_refund_failed_total", dimensions: [("origin", origin.rawValue)]).increment()
    }

    /// Failed refunds that nobody has dealt with.
    func setUnresolvedRefunds(_ count: Int) {
        Gauge(label: "payment_refunds_unresolved").record(count)
    }

    /// Events of which no payment is known, or that could not be applied, for longer than takes a PaymentIntent's making.
    func setUnplacedEvents(_ count: Int) {
        Gauge(label: "payment_events_unplaced").record(count)
    }

    /// Stripe knew something that no webhook had told.
    func gap(_ source: String) {
        Counter(label: "payment_reconciliation_gaps_total", dimensions: [("source", source)]).increment()
    }

    /// How old the oldest event was that the latest run found and no webhook had told; 0 when there was none.
    func lag(_ seconds: Double) {
        Gauge(label: "payment_reconciliation_lag_seconds").record(seconds)
    }
}
