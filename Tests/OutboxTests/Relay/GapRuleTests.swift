import Testing

@testable import Outbox

@Suite("Gap rule")
struct GapRuleTests {
    @Test("rows without a hole are all admitted")
    func admitsContiguousRows() {
        #expect(GapRule().admit([4, 5, 6], after: 3) == .init(count: 3, isStopped: false))
    }

    @Test("a hole stops at the row before it")
    func stopsAtHole() {
        #expect(GapRule().admit([4, 6, 7], after: 3) == .init(count: 1, isStopped: true))
        #expect(GapRule().admit([6, 7], after: 3) == .init(count: 0, isStopped: true))
    }

    @Test("a hole that nobody can fill is passed")
    func passesDeadHole() {
        var rule = GapRule()
        rule.note(holders: [], upTo: 7)
        #expect(!rule.isWaiting)
        #expect(rule.admit([4, 7], after: 3) == .init(count: 2, isStopped: false))
    }

    @Test("a hole is waited for while one of the noted holders lives, and passed when the last has ended")
    func waitsForHolders() {
        var rule = GapRule()
        rule.note(holders: ["3/1", "4/1"], upTo: 7)
        rule.update(holders: ["3/1", "9/9"])
        #expect(rule.isWaiting)
        #expect(rule.admit([4, 7], after: 3) == .init(count: 1, isStopped: true))
        rule.update(holders: ["9/9"])
        #expect(!rule.isWaiting)
        #expect(rule.admit([4, 7], after: 3) == .init(count: 2, isStopped: false))
    }

    @Test("a writer that came after the hole was seen delays nothing")
    func ignoresLaterWriters() {
        var rule = GapRule()
        rule.note(holders: ["3/1"], upTo: 7)
        rule.update(holders: ["5/5", "6/6"])
        #expect(!rule.isWaiting)
    }

    @Test("holes above what had been seen when the holders were noted need holders of their own")
    func doesNotClearLaterHoles() {
        var rule = GapRule()
        rule.note(holders: ["3/1"], upTo: 7)
        rule.update(holders: [])
        #expect(rule.admit([4, 7, 9], after: 3) == .init(count: 2, isStopped: true))
    }

    @Test("a holder that was prepared is waited for under its new name")
    func followsPreparedTransactions() {
        var rule = GapRule()
        rule.note(holders: ["3/1"], upTo: 7)
        rule.update(holders: ["-1/731"])
        #expect(rule.isWaiting)
        rule.update(holders: [])
        #expect(!rule.isWaiting)
    }
}
