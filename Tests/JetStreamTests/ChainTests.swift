import JetStream
import TestSupport
import Testing

@Suite struct ChainTests {
    /// Messages of which each is refused unless the one before it was stored.
    private func chain(_ stream: TestStream, _ count: Int, after sequence: UInt64) -> [JetStreamMessage] {
        stream.messages(count, from: Int(sequence) + 1).enumerated().map { index, message in
            var message = message
            message.headers[JetStreamHeader.expectedLastSequence] = String(sequence + UInt64(index))
            return message
        }
    }

    @Test(arguments: [1, 2, 1_000])
    func oneAnswerTellsOfAll(count: Int) async throws {
        let stream = try await TestStream.make()
        try await stream.fill(3)
        let pending = stream.js.publishChained(chain(stream, count, after: 3), timeout: .seconds(60))
        let ack = try await pending.outcome().get()
        #expect(ack.sequence == UInt64(3 + count))
        #expect(pending.count == count)
        #expect(try await stream.stored() == Array(1...(3 + count)))
        await stream.connection.close()
    }

    @Test func whatStandsBeforeARefusedMessageIsStoredAndNothingBehindIt() async throws {
        let stream = try await TestStream.make()
        var messages = chain(stream, 10, after: 0)
        messages[4].headers[JetStreamHeader.expectedStream] = "another"
        let outcome = await stream.js.publishChained(messages, timeout: .seconds(60)).outcome()
        guard case .failure(let error) = outcome, error.kind == .wrongLastSequence else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await stream.stored() == [1, 2, 3, 4])
        await stream.connection.close()
    }

    @Test func aMessageThatCannotBeSentKeepsAllFromBeingSent() async throws {
        let stream = try await TestStream.make()
        let messages = chain(stream, 3, after: 0) + [JetStreamMessage(subject: "not a subject")]
        let outcome = await stream.js.publishChained(messages, timeout: .seconds(60)).outcome()
        guard case .failure(let error) = outcome, error.kind == .invalidArgument else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await stream.js.streamInfo(stream.name).state.messages == 0)
        let nothing = await stream.js.publishChained([], timeout: .seconds(60)).outcome()
        guard case .failure(let error) = nothing, error.kind == .invalidArgument else {
            Issue.record("\(nothing)")
            return
        }
        await stream.connection.close()
    }
}
