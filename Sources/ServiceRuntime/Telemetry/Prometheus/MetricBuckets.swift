/// The upper bounds of histograms' buckets.
enum MetricBuckets {
    /// For timers: from half a millisecond to a minute.
    static let seconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// For recorders of sizes and counts.
    static let sizes = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]

    /// Where other bounds fit better.
    static let byName = [
        // A saga may wait for a customer for many minutes.
        "saga_duration": [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600],
        "job_lateness_seconds": [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
    ]
}
