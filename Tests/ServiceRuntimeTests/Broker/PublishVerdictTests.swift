import JetStream
import Outbox
import Testing

@testable import ServiceRuntime

@Suite struct PublishVerdictTests {
    private func ack(_ sequence: UInt64, isDuplicate: Bool = false) -> Result<PubAck, JetStreamError> {
        .success(PubAck(stream: "s", sequence: sequence, isDuplicate: isDuplicate))
    }

    private func failure(_ kind: JetStreamError.Kind, errorCode: Int = 0) -> Result<PubAck, JetStreamError> {
        .failure(JetStreamError(kind, "as the test says", errorCode: errorCode))
    }

    @Test func allAtTheirPlacesIsStored() {
        #expect(PublishVerdict.of([ack(8), ack(9), ack(10)], after: 7) == .stored(count: 3))
        #expect(PublishVerdict.stored(count: 3).outcome(after: 7) == .stored(lastSequence: 10))
    }

    /// The dedupe may remember what the stream has lost, so the word of a duplicate proves nothing.
    @Test func duplicateIsRefusedEvenAtItsVeryPlace() {
        #expect(
            PublishVerdict.of([ack(8, isDuplicate: true), ack(9)], after: 7)
                == .refused(index: 0, .duplicate(sequence: 8)))
    }

    @Test func duplicateElsewhereIsRefused() {
        #expect(
            PublishVerdict.of([ack(8), ack(3, isDuplicate: true), failure(.wrongLastSequence)], after: 7)
                == .refused(index: 1, .duplicate(sequence: 3)))
    }

    @Test func firstRefusalDecides() {
        #expect(
            PublishVerdict.of([ack(8), failure(.messageTooLarge), failure(.wrongLastSequence)], after: 7)
                == .refused(index: 1, .unacceptable("JetStream messageTooLarge: as the test says")))
        #expect(
            PublishVerdict.of([failure(.wrongLastSequence), failure(.messageTooLarge)], after: 7)
                == .refused(index: 0, .wrongSequence))
    }

    @Test(arguments: [JetStreamError.Kind.timeout, .disconnected, .closed, .cancelled, .invalidAnswer])
    func whateverMayHaveBeenStoredIsUnknown(kind: JetStreamError.Kind) {
        guard case .unknown = PublishVerdict.of([ack(8), failure(kind)], after: 7) else {
            Issue.record("\(kind) is not unknown")
            return
        }
    }

    @Test(arguments: [JetStreamError.Kind.unavailable, .outgoingFull, .streamNotFound, .api])
    func brokerThatTakesNothingIsNeverTheEventsFault(kind: JetStreamError.Kind) {
        guard case .refused(0, .unavailable) = PublishVerdict.of([failure(kind)], after: 7) else {
            Issue.record("\(kind) is not unavailable")
            return
        }
    }

    @Test func subjectOfAnotherStreamIsUnacceptable() {
        let verdict = PublishVerdict.of(
            [failure(.api, errorCode: JetStreamErrorCode.expectedStreamDoesNotMatch)], after: 7)
        guard case .refused(0, .unacceptable) = verdict else {
            Issue.record("\(verdict)")
            return
        }
    }

    @Test func storedAtAnotherPlaceIsUnknown() {
        guard case .unknown = PublishVerdict.of([ack(12)], after: 7) else {
            Issue.record("a message at the wrong place counts as stored")
            return
        }
    }
}
