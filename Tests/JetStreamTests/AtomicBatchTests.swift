import JetStream
import TestSupport
import Testing

/// Needs nats-server 2.12 or newer.
@Suite struct AtomicBatchTests {
    @Test(arguments: [1, 2, 1_000])
    func aBatchIsStoredAsNeighbours(count: Int) async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        try await stream.fill(3)
        var messages = stream.messages(count, from: 4)
        messages[0].headers[JetStreamHeader.expectedLastSequence] = "3"
        let ack = try await stream.js.publishAtomically(messages, timeout: .seconds(60))
        #expect(ack.sequence == UInt64(3 + count))
        #expect(ack.batchSize == count)
        #expect(ack.stream == stream.name)
        #expect(try await stream.stored() == Array(1...(3 + count)))
        await stream.connection.close()
    }

    @Test func aWrongExpectedSequenceRefusesAll() async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        try await stream.fill(3)
        var messages = stream.messages(10, from: 4)
        messages[0].headers[JetStreamHeader.expectedLastSequence] = "2"
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publishAtomically(messages, timeout: .seconds(60))
        }
        #expect(error?.kind == .wrongLastSequence)
        #expect(try await stream.stored() == [1, 2, 3])
        await stream.connection.close()
    }

    @Test func oneDuplicateRefusesAll() async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        _ = try await stream.js.publish(JetStreamMessage(subject: stream.subject, payload: Array("1".utf8), id: "b"))
        let messages = ["a", "b", "c"].map { JetStreamMessage(subject: stream.subject, id: $0) }
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publishAtomically(messages, timeout: .seconds(60))
        }
        #expect(error?.kind == .batchRejected)
        #expect(error?.errorCode == JetStreamErrorCode.atomicPublishDuplicateMessageID)
        #expect(try await stream.stored() == [1])
        await stream.connection.close()
    }

    @Test func aStreamThatDoesNotAllowItRefusesAtOnce() async throws {
        let stream = try await TestStream.make()
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publishAtomically(stream.messages(10), timeout: .seconds(60))
        }
        #expect(error?.kind == .batchRejected)
        #expect(error?.errorCode == JetStreamErrorCode.atomicPublishDisabled)
        #expect(try await stream.js.streamInfo(stream.name).state.messages == 0)
        await stream.connection.close()
    }

    @Test func whatCannotBeABatchIsNotSent() async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        for messages in [[], stream.messages(1_001), [JetStreamMessage(subject: "a b")]] {
            let error = await jetStreamError { () throws(JetStreamError) in
                try await stream.js.publishAtomically(messages, timeout: .seconds(60))
            }
            #expect(error?.kind == .invalidArgument)
        }
        let large = JetStreamMessage(subject: stream.subject, payload: [UInt8](repeating: 0, count: 2 << 20))
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publishAtomically(stream.messages(1) + [large], timeout: .seconds(60))
        }
        #expect(error?.kind == .messageTooLarge)
        #expect(try await stream.js.streamInfo(stream.name).state.messages == 0)
        await stream.connection.close()
    }

    @Test func batchesOnTheirWayTogetherAreStoredInOrder() async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        let pending = (0..<5).map { batch in
            var messages = stream.messages(100, from: batch * 100 + 1)
            messages[0].headers[JetStreamHeader.expectedLastSequence] = String(batch * 100)
            return stream.js.publishAtomicallyPipelined(messages, timeout: .seconds(60))
        }
        for (index, batch) in pending.enumerated() {
            #expect(batch.count == 100)
            #expect(try await batch.outcome().get().sequence == UInt64(index * 100 + 100))
        }
        #expect(try await stream.stored() == Array(1...500))
        await stream.connection.close()
    }

    @Test func aBatchWithoutConnectionFailsAtOnce() async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        await stream.connection.close()
        let outcome = await stream.js.publishAtomicallyPipelined(stream.messages(2), timeout: .seconds(60)).outcome()
        #expect(outcome.error?.kind == .closed)
    }

    @Test func batchesOfSeveralTasksDoNotMix() async throws {
        let stream = try await TestStream.make { $0.allowAtomic = true }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    _ = try await stream.js.publishAtomically(
                        stream.messages(50, from: task * 50), timeout: .seconds(60))
                }
            }
            try await group.waitForAll()
        }
        let stored = try await stream.stored()
        #expect(stored.sorted() == Array(0..<400))
        for start in stride(from: 0, to: 400, by: 50) {
            #expect(Array(stored[start..<start + 50]) == Array(stored[start]..<stored[start] + 50))
        }
        await stream.connection.close()
    }
}
