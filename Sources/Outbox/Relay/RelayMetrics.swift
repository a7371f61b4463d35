import Metrics

/// What the relay tells of itself. The names are API.
struct RelayMetrics: Sendable {
    let relayed: Counter
    let batches: Counter
    let rewinds: Counter
    let refills: Counter
    let ledgerLosses: Counter
    let unrecoverable: Counter
    let refusals: Counter
    let deadLetters: Counter
    let lagEvents: Gauge
    let lagSeconds: Gauge
    let stallSeconds: Gauge
    let isLeader: Gauge
    let wait: RelayWaitGauges
    let publish: Timer

    init(stream: String) {
        let labels = [("stream", stream)]
        relayed = Counter(label: "outbox_relayed_total", dimensions: labels)
        batches = Counter(label: "outbox_relay_batches_total", dimensions: labels)
        rewinds = Counter(label: "outbox_relay_rewinds_total", dimensions: labels)
        refills = Counter(label: "outbox_relay_refills_total", dimensions: labels)
        ledgerLosses = Counter(label: "outbox_relay_ledger_losses_total", dimensions: labels)
        unrecoverable = Counter(label: "outbox_relay_unrecoverable_total", dimensions: labels)
        refusals = Counter(label: "outbox_relay_refusals_total", dimensions: labels)
        deadLetters = Counter(label: "outbox_relay_dead_letters_total", dimensions: labels)
        lagEvents = Gauge(label: "outbox_lag_events", dimensions: labels)
        lagSeconds = Gauge(label: "outbox_lag_seconds", dimensions: labels)
        stallSeconds = Gauge(label: "outbox_stall_seconds", dimensions: labels)
        isLeader = Gauge(label: "outbox_relay_leader", dimensions: labels)
        wait = RelayWaitGauges(labels: labels)
        publish = Timer(label: "outbox_publish_seconds", dimensions: labels)
    }
}
