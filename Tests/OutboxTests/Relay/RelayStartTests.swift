import Testing

@testable import Outbox

@Suite("Where the relay goes on")
struct RelayStartTests {
    let cursor = RelayCursor(position: 40, sequence: 30, epoch: 2)

    @Test("a stream made anew while a purged one was to be copied again begins at its beginning")
    func streamMadeAnewDuringRefill() {
        let cursor = RelayCursor(position: 0, sequence: 60, epoch: 3, firstSequence: 61)
        let start = RelayStart.decide(tail: StreamTail(sequence: 0, position: nil), cursor: cursor)
        #expect(start == .rewind(RelayCursor(position: 0, sequence: 0, epoch: 4), lost: 0))
    }

    @Test("an empty stream and no cursor begin at the beginning")
    func fresh() {
        let start = RelayStart.decide(tail: StreamTail(sequence: 0, position: nil), cursor: nil)
        #expect(start == .goOn(.beginning))
    }

    @Test("a tail ahead of the cursor moves it")
    func tailAhead() {
        let start = RelayStart.decide(tail: StreamTail(sequence: 35, position: 48), cursor: cursor)
        #expect(start == .goOn(RelayCursor(position: 48, sequence: 35, epoch: 2)))
    }

    @Test("a tail behind the cursor rewinds under a new epoch")
    func tailBehind() {
        let start = RelayStart.decide(tail: StreamTail(sequence: 25, position: 33), cursor: cursor)
        #expect(start == .rewind(RelayCursor(position: 33, sequence: 25, epoch: 3), lost: 7))
    }

    @Test("a stream that was made anew is filled from the beginning")
    func recreated() {
        let start = RelayStart.decide(tail: StreamTail(sequence: 0, position: nil), cursor: cursor)
        #expect(start == .rewind(RelayCursor(position: 0, sequence: 0, epoch: 3), lost: 40))
    }

    @Test("a stream whose messages aged out goes on from the cursor")
    func agedOut() {
        let start = RelayStart.decide(tail: StreamTail(sequence: 30, position: nil), cursor: cursor)
        #expect(start == .goOn(cursor))
    }

    @Test("an aged-out stream whose last sequence is not the cursor's is counted from it")
    func agedOutElsewhere() {
        #expect(
            RelayStart.decide(tail: StreamTail(sequence: 33, position: nil), cursor: cursor) == .countForward(by: 3))
        #expect(
            RelayStart.decide(tail: StreamTail(sequence: 28, position: nil), cursor: cursor) == .countBackward(by: 2))
    }
}
