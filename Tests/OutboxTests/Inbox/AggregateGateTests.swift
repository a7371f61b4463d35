import Testing

@testable import Outbox

@Suite("Aggregate gate")
struct AggregateGateTests {
    let now = ContinuousClock.now

    @Test("events behind one that will come again wait, those before it and of others do not")
    func holdsLaterEvents() {
        var gate = AggregateGate()
        gate.block(aggregate: "a", sequence: 5, until: now + .seconds(1))
        #expect(gate.holds(aggregate: "a", sequence: 6, now: now))
        #expect(!gate.holds(aggregate: "a", sequence: 5, now: now))
        #expect(!gate.holds(aggregate: "a", sequence: 4, now: now))
        #expect(!gate.holds(aggregate: "b", sequence: 6, now: now))
    }

    @Test("an event waits for each of the earlier ones")
    func waitsForAll() {
        var gate = AggregateGate()
        gate.block(aggregate: "a", sequence: 5, until: now + .seconds(1))
        gate.block(aggregate: "a", sequence: 6, until: now + .seconds(1))
        gate.release(aggregate: "a", sequence: 5)
        #expect(gate.holds(aggregate: "a", sequence: 7, now: now))
        gate.release(aggregate: "a", sequence: 6)
        #expect(!gate.holds(aggregate: "a", sequence: 7, now: now))
    }

    @Test("an event that went elsewhere is not waited for for ever")
    func expires() {
        var gate = AggregateGate()
        gate.block(aggregate: "a", sequence: 5, until: now + .seconds(1))
        #expect(!gate.holds(aggregate: "a", sequence: 6, now: now + .seconds(2)))
    }
}
