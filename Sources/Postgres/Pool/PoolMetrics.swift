import Metrics

/// What a pool tells swift-metrics. The only label is the pool's name, that of the application.
struct PoolMetrics: Sendable {
    private let open: Gauge
    private let inUse: Gauge
    private let waiting: Gauge
    private let wait: Metrics.Timer
    private let errors: [PostgresError.Code: Counter]

    init(pool: String) {
        let labels = [("pool", pool)]
        open = Gauge(label: "postgres_pool_connections", dimensions: labels)
        inUse = Gauge(label: "postgres_pool_in_use", dimensions: labels)
        waiting = Gauge(label: "postgres_pool_waiting", dimensions: labels)
        wait = Metrics.Timer(label: "postgres_pool_wait", dimensions: labels)
        errors = Dictionary(
            uniqueKeysWithValues: PostgresError.Code.allCases.map { code in
                (code, Counter(label: "postgres_errors", dimensions: labels + [("code", code.rawValue)]))
            })
    }

    func record(_ statistics: PostgresPoolStatistics) {
        open.record(statistics.open)
        inUse.record(statistics.inUse)
        waiting.record(statistics.waiting)
    }

    func recordWait(_ duration: Duration) { wait.recordNanoseconds(duration.nanoseconds) }

    func count(_ error: any Error) {
        if let error = error as? PostgresError { errors[error.code]?.increment() }
    }
}
