/// What the metrics mean, for their `HELP` lines. Names are API: dashboards and alerts are made of them.
enum MetricHelp {
    static let texts = [
        "http_requests_total": "Requests answered, by service, route pattern, method and status.",
        "http_request_duration_seconds": "Time until the head of the answer was ready.",
        "http_requests_in_flight": "Requests that are being answered.",
        "metrics_callback_errors_total": "Gauges that could not be read at a scrape.",
        "readiness_check_up": "1 when the readiness check passed the last time, else 0.",

        "saga_success_rate": "Share of the sagas that ended in the last window that completed, 0 to 1.",
        "saga_duration": "Seconds from an order's creation to the end of its saga, by outcome.",
        "order_status_count": "Orders by status.",
        "payment_success_rate": "Share of the payments that ended in the last window that succeeded, 0 to 1.",
        "payment_failed_rate": "Share of the payments that ended in the last window that failed, 0 to 1.",
        "webhook_processed_total": "Stripe webhooks that were applied, by type and outcome.",
        "inventory_reserved_total": "Reservations made.",
        "inventory_released_total": "Reservations released, by reason.",
        "stock_low_alerts_total": "Crossings of a product's low-stock threshold.",

        "outbox_relayed_total": "Events copied from the ledger to the stream.",
        "outbox_relay_batches_total": "Batches handed to the broker.",
        "outbox_relay_rewinds_total": "Times the stream was found behind the cursor and filled again.",
        "outbox_relay_refusals_total": "Batches that the broker refused.",
        "outbox_relay_dead_letters_total": "Events that the broker will never take.",
        "outbox_lag_events": "Committed events that are not in the stream yet.",
        "outbox_lag_seconds": "Age of the oldest committed event that is not in the stream yet.",
        "outbox_stall_seconds": "For how long a transaction has been holding up the relay.",
        "outbox_relay_leader": "1 where this process relays the stream.",
        "outbox_publish_seconds": "Time from handing a batch to the broker to its acknowledgement.",
        "inbox_events_total": "Events consumed, by consumer and outcome.",
        "inbox_batch_seconds": "Time to apply a batch of events.",
        "jobs_total": "Jobs run, by kind and outcome.",
        "job_lateness_seconds": "How long after its time a job was run.",
        "nats_disconnects_total": "Connections to NATS that were lost.",
        "nats_slow_consumer_dropped_total": "Hints dropped because nobody took them in time.",
    ]
}
