/// Whether single publishing is so slow that batches should be stored in one step.
///
/// A server that syncs to disk before it acknowledges takes a hundred microseconds a message and more, and does it once a
/// batch when the batch is atomic. One that does not sync takes a few microseconds a message, and atomic batches are
/// dearer to it. No server tells which it is, so the pace of its acknowledgements has to.
/// See docs/adr/0010-when-atomic-batches.md.
struct PublishPace: Equatable {
    /// The time a message from which on publishing counts as slow: far above what a server without sync takes, far
    /// below what a disk takes.
    static let slow = Duration.microseconds(50)
    /// The pace of fewer messages is that of the round trip.
    static let tellingWindow = 64
    /// The pace is that of so many windows together: one may be slow by chance (a start, a checkpoint).
    static let decisiveWindows = 3
    /// How long batches stay atomic before single publishing is tried again: another leader may sync otherwise.
    static let probeInterval = Duration.seconds(30)

    private enum Mode: Equatable {
        /// Message by message; with the last windows' pace.
        case single([Window])
        case atomic(until: ContinuousClock.Instant)
        /// One window is on its way message by message; everything behind it is atomic until that one is stored, or
        /// until the time is over.
        case probing(until: ContinuousClock.Instant)
    }

    private struct Window: Equatable {
        let count: Int
        let time: Duration
    }

    private var mode = Mode.single([])
    private var lastEnd: ContinuousClock.Instant?

    /// Whether the next batch is to be atomic.
    mutating func choosesAtomic(at now: ContinuousClock.Instant) -> Bool {
        switch mode {
        case .single: return false
        case .atomic(let until), .probing(let until):
            guard now >= until else { return true }
            mode = .probing(until: now + Self.probeInterval)
            return false
        }
    }

    /// A batch is stored, whichever way it was published. What it waited for those before it does not count.
    mutating func stored(
        _ count: Int, atomically: Bool, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant
    ) {
        let began = max(start, lastEnd ?? start)
        lastEnd = end
        guard !atomically, count >= Self.tellingWindow else { return }
        let window = Window(count: count, time: end - began)
        switch mode {
        case .single(let before):
            let windows = Array(before.suffix(Self.decisiveWindows - 1)) + [window]
            let isDecided = windows.count == Self.decisiveWindows && Self.isSlow(windows)
            mode = isDecided ? .atomic(until: end + Self.probeInterval) : .single(windows)
        case .probing: mode = Self.isSlow([window]) ? .atomic(until: end + Self.probeInterval) : .single([])
        // Of a window from before the decision.
        case .atomic: break
        }
    }

    private static func isSlow(_ windows: [Window]) -> Bool {
        let time = windows.reduce(Duration.zero) { $0 + $1.time }
        return time > slow * windows.reduce(0) { $0 + $1.count }
    }
}
