import JetStream
import LocalServers
import TestSupport
import Testing

@Suite struct PublishingTests {
    @Test func anAcknowledgedMessageIsTheStreamsLast() async throws {
        let stream = try await TestStream.make()
        for expected in UInt64(1)...20 {
            let ack = try await stream.js.publish(stream.messages(1, from: Int(expected))[0])
            #expect(ack == PubAck(stream: stream.name, sequence: expected))
            #expect(try await stream.js.lastMessage(stream: stream.name)?.sequence == expected)
        }
        await stream.connection.close()
    }

    @Test func aWindowIsStoredInOrderUnderExpectedSequences() async throws {
        let stream = try await TestStream.make()
        var windows: [PendingAcks] = []
        for window in 0..<4 {
            let messages = stream.messages(250, from: window * 250 + 1).enumerated().map { index, message in
                JetStreamMessage(
                    subject: message.subject, payload: message.payload,
                    expectedLastSequence: UInt64(window * 250 + index), expectedStream: stream.name)
            }
            windows.append(stream.js.publishPipelined(messages, timeout: .seconds(60)))
        }
        var sequences: [UInt64] = []
        for window in windows {
            #expect(window.count == 250)
            for outcome in await window.outcomes() { sequences.append(try outcome.get().sequence) }
            #expect(window.isComplete)
        }
        #expect(sequences == Array(1...1_000))
        #expect(try await stream.stored() == Array(1...1_000))
        await stream.connection.close()
    }

    @Test func oneRefusedMessageMakesAllBehindItRefused() async throws {
        let stream = try await TestStream.make()
        var messages = (0..<100).map { index in
            JetStreamMessage(
                subject: stream.subject, payload: Array("\(index + 1)".utf8), expectedLastSequence: UInt64(index))
        }
        messages[40] = JetStreamMessage(subject: stream.subject, payload: [1], expectedLastSequence: 7)
        let outcomes = await stream.js.publishPipelined(messages, timeout: .seconds(60)).outcomes()
        #expect(outcomes[..<40].compactMap(\.value?.sequence) == Array(1...40))
        for outcome in outcomes[40...] {
            #expect(outcome.error?.kind == .wrongLastSequence)
            #expect(outcome.error?.errorCode == JetStreamErrorCode.wrongLastSequence)
            #expect(outcome.error?.isOutcomeUnknown == false)
        }
        #expect(try await stream.stored() == Array(1...40))
        await stream.connection.close()
    }

    @Test func whatCannotBeSentFailsAloneAndTheRestIsSent() async throws {
        let stream = try await TestStream.make()
        let messages = [
            JetStreamMessage(subject: stream.subject, payload: Array("1".utf8)),
            JetStreamMessage(subject: "not a subject"),
            JetStreamMessage(subject: stream.subject, payload: [UInt8](repeating: 0, count: 2 << 20)),
            JetStreamMessage(subject: stream.subject, headers: ["a": "b\nc"]),
            JetStreamMessage(subject: UniqueName.next("nostream")),
            JetStreamMessage(subject: stream.subject, payload: Array("2".utf8)),
        ]
        let outcomes = await stream.js.publishPipelined(messages, timeout: .seconds(60)).outcomes()
        #expect(
            outcomes.map(\.error?.kind)
                == [nil, .invalidArgument, .messageTooLarge, .invalidArgument, .noResponders, nil])
        #expect(try await stream.stored() == [1, 2])
        await stream.connection.close()
    }

    @Test func aStreamsOwnLimitIsTooLargeAsWell() async throws {
        let stream = try await TestStream.make { $0.maxMessageSize = 100 }
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publish(
                JetStreamMessage(subject: stream.subject, payload: [UInt8](repeating: 0, count: 101)))
        }
        #expect(error?.kind == .messageTooLarge)
        #expect(error?.isTransient == false)
        await stream.connection.close()
    }

    @Test func duplicatesAreFlaggedAndNotStored() async throws {
        let stream = try await TestStream.make()
        let messages = ["a", "b", "a"].map {
            JetStreamMessage(subject: stream.subject, payload: Array($0.utf8), id: $0)
        }
        let outcomes = await stream.js.publishPipelined(messages, timeout: .seconds(60)).outcomes()
        #expect(outcomes.compactMap(\.value?.isDuplicate) == [false, false, true])
        #expect(outcomes.compactMap(\.value?.sequence) == [1, 2, 1])
        #expect(messages[0].id == "a")
        #expect(try await stream.js.streamInfo(stream.name).state.messages == 2)
        await stream.connection.close()
    }

    @Test func theExpectedStreamIsChecked() async throws {
        let stream = try await TestStream.make()
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publish(JetStreamMessage(subject: stream.subject, expectedStream: "other"))
        }
        #expect(error?.errorCode == JetStreamErrorCode.expectedStreamDoesNotMatch)
        await stream.connection.close()
    }

    @Test func aSubjectWithoutStreamIsAnErrorAtOnce() async throws {
        let connection = try await connect()
        let error = await jetStreamError { () throws(JetStreamError) in
            try await JetStreamContext(connection, timeout: .seconds(60)).publish(
                JetStreamMessage(subject: UniqueName.next("nostream")))
        }
        #expect(error?.kind == .noResponders)
        await connection.close()
    }

    @Test func anEmptyWindowIsCompleteAtOnce() async throws {
        let connection = try await connect()
        let acks = JetStreamContext(connection).publishPipelined([], timeout: .seconds(1))
        #expect(acks.isComplete)
        #expect(await acks.outcomes().isEmpty)
        await connection.close()
    }

    @Test func aCancelledTaskGetsTheOutcomesThatThereAre() async throws {
        let connection = try await connect()
        // A listener that never answers in place of a stream.
        let subject = UniqueName.next("silent")
        let silent = try connection.subscribe(subject)
        let js = JetStreamContext(connection)
        let waiting = Task {
            await js.publishPipelined([JetStreamMessage(subject: subject)], timeout: .seconds(60)).outcomes()
        }
        for await _ in silent { break }
        waiting.cancel()
        let outcomes = await waiting.value
        #expect(outcomes.first?.error?.kind == .cancelled)
        #expect(outcomes.first?.error?.isOutcomeUnknown == true)
        await connection.close()
    }

    @Test func moreThanTheOutgoingLimitIsRefused() async throws {
        var configuration = testConfiguration(try await TestServers.nats().url)
        configuration.maxOutgoingBytes = 10_000
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        let message = JetStreamMessage(subject: "a", payload: [UInt8](repeating: 0, count: 2_000))
        let acks = JetStreamContext(connection).publishPipelined(
            Array(repeating: message, count: 10), timeout: .seconds(60))
        for outcome in await acks.outcomes() { #expect(outcome.error?.kind == .outgoingFull) }
        await connection.close()
    }
}
