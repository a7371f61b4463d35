/// For how long a consumer has not gone on although there is something for it.
struct ConsumerProgress: Sendable {
    private var floor: UInt64?
    /// When it was last seen to go on, or to have nothing left to do.
    private var since: ContinuousClock.Instant

    init(at start: ContinuousClock.Instant) { since = start }

    /// - Parameters:
    ///   - floor: up to which message of the stream all are acknowledged; nil: there is no such consumer.
    ///   - outstanding: messages that it has still to acknowledge.
    mutating func stalled(
        floor: UInt64?, outstanding: UInt64, at now: ContinuousClock.Instant
    ) -> Duration {
        let goesOn = floor != nil && (outstanding == 0 || floor != self.floor)
        if goesOn { since = now }
        self.floor = floor ?? self.floor
        return now - since
    }
}
