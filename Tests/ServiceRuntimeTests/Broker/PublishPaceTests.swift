import Testing

@testable import ServiceRuntime

@Suite struct PublishPaceTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// Mutating calls cannot stand in an expectation.
    private func expect(
        _ pace: inout PublishPace, at now: ContinuousClock.Instant, atomic: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let choice = pace.choosesAtomic(at: now)
        #expect(choice == atomic, sourceLocation: sourceLocation)
    }

    /// Three windows of a server that syncs each message.
    private func slowed() -> PublishPace {
        var pace = PublishPace()
        pace.stored(100, atomically: false, from: at(0), to: at(20))
        pace.stored(100, atomically: false, from: at(20), to: at(40))
        pace.stored(100, atomically: false, from: at(40), to: at(60))
        return pace
    }

    @Test func fastAcknowledgementsKeepPublishingSingle() {
        var pace = PublishPace()
        for window in 0..<10 {
            pace.stored(1_000, atomically: false, from: at(window * 8), to: at(window * 8 + 8))
            expect(&pace, at: at(window * 8 + 8), atomic: false)
        }
    }

    @Test func slowWindowsInARowMakeBatchesAtomic() {
        var pace = PublishPace()
        pace.stored(100, atomically: false, from: at(0), to: at(20))
        pace.stored(100, atomically: false, from: at(20), to: at(40))
        expect(&pace, at: at(40), atomic: false)
        pace.stored(100, atomically: false, from: at(40), to: at(60))
        expect(&pace, at: at(60), atomic: true)
    }

    @Test func aFastWindowAmongSlowOnesKeepsPublishingSingle() {
        var pace = PublishPace()
        for window in 0..<9 {
            let count = window % 3 == 2 ? 2_000 : 100
            pace.stored(count, atomically: false, from: at(window * 20), to: at(window * 20 + 20))
        }
        expect(&pace, at: at(180), atomic: false)
    }

    @Test func theTimeThatAWindowWaitsForThoseBeforeItDoesNotCount() {
        var pace = PublishPace()
        // Four windows handed over together, each stored 1 ms after the one before it.
        for window in 0..<20 { pace.stored(64, atomically: false, from: at(max(0, window - 4)), to: at(window + 1)) }
        expect(&pace, at: at(20), atomic: false)
    }

    @Test func atomicBatchesAreProbedWithOneSingleWindowAfterAWhile() {
        var pace = slowed()
        let later = at(60) + PublishPace.probeInterval
        expect(&pace, at: later - .milliseconds(1), atomic: true)
        expect(&pace, at: later, atomic: false)
        expect(&pace, at: later, atomic: true)
    }

    @Test func aFastProbeEndsAtomicBatches() {
        var pace = slowed()
        let later = at(60) + PublishPace.probeInterval
        expect(&pace, at: later, atomic: false)
        pace.stored(1_000, atomically: false, from: later, to: later + .milliseconds(8))
        expect(&pace, at: later + .milliseconds(9), atomic: false)
    }

    @Test func aSlowProbeKeepsBatchesAtomic() {
        var pace = slowed()
        let later = at(60) + PublishPace.probeInterval
        expect(&pace, at: later, atomic: false)
        pace.stored(1_000, atomically: false, from: later, to: later + .milliseconds(200))
        expect(&pace, at: later + .milliseconds(201), atomic: true)
    }

    @Test func aProbeThatWasNotStoredIsFollowedByAnotherLater() {
        var pace = slowed()
        let later = at(60) + PublishPace.probeInterval
        expect(&pace, at: later, atomic: false)
        expect(&pace, at: later + PublishPace.probeInterval - .milliseconds(1), atomic: true)
        expect(&pace, at: later + PublishPace.probeInterval, atomic: false)
    }
}
