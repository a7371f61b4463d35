import Metrics

/// What a consumer tells of itself. The names are API.
struct ConsumerMetrics: Sendable {
    let applied: Counter
    let duplicates: Counter
    let ignored: Counter
    let parked: Counter
    let retried: Counter
    let deadLetters: Counter
    let batch: Timer

    init(consumer: String) {
        func counter(_ outcome: String) -> Counter {
            Counter(label: "inbox_events_total", dimensions: [("consumer", consumer), ("outcome", outcome)])
        }
        applied = counter("applied")
        duplicates = counter("duplicate")
        ignored = counter("ignored")
        parked = counter("parked")
        retried = counter("retried")
        deadLetters = counter("dead_lettered")
        batch = Timer(label: "inbox_batch_seconds", dimensions: [("consumer", consumer)])
    }
}
