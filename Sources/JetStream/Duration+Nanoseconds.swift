extension Duration {
    /// Whole nanoseconds, as JetStream writes durations; at the limits of Int64 for what does not fit.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }

    /// Whole milliseconds, rounded up, at least 1: what the C library takes as a time-out.
    var wholeMilliseconds: Int64 {
        max(1, (nanoseconds &+ 999_999) / 1_000_000)
    }
}
