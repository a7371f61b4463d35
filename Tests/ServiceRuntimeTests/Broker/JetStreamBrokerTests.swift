import Foundation
import JetStream
import LocalServers
import Outbox
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite struct JetStreamBrokerTests {
    private let name = UniqueName.next("broker")

    private func connect() async throws -> NATSConnection {
        let server = try await TestServers.nats()
        // As relays do.
        let configuration = NATSConfiguration(servers: [server.url], writesDirectly: true)
        return try await NATSConnection.connect(configuration, logger: .test)
    }

    private func makeStream(
        _ connection: NATSConnection, _ change: (inout StreamConfiguration) -> Void = { _ in }
    ) async throws {
        var stream = StreamConfiguration(name: name, subjects: ["\(name).>"])
        stream.allowAtomic = true
        stream.maxMessageSize = 2_000
        change(&stream)
        try await JetStreamContext(connection).createStream(stream)
    }

    /// The stream's tail, without its last message's payload.
    private func end(_ broker: JetStreamBroker) async throws -> StreamTail {
        let tail = try await broker.tail(of: name)
        return StreamTail(sequence: tail.sequence, position: tail.position)
    }

    private func messages(_ positions: ClosedRange<Int64>, size: Int = 10, subject: String? = nil) -> [LedgerMessage] {
        positions.map { position in
            LedgerMessage(
                position: position, messageID: "\(name)-\(position)", subject: subject ?? "\(name).event",
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                payload: Array(repeating: UInt8(ascii: "x"), count: size))
        }
    }

    @Test func emptyStreamEndsAtZeroAndAFilledOneAtItsLastPosition() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        #expect(try await end(broker) == StreamTail(sequence: 0, position: nil))
        let outcome = await broker.publish(messages(101...103), to: name, after: 0).outcome()
        #expect(outcome == .stored(lastSequence: 3))
        #expect(try await end(broker) == StreamTail(sequence: 3, position: 103))
        try await JetStreamContext(connection).purgeStream(name)
        #expect(try await end(broker) == StreamTail(sequence: 3, position: nil))
        await connection.close()
    }

    @Test func messageCarriesPositionIDAndTrace() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection)
        _ = await broker.publish(messages(7...7), to: name, after: 0).outcome()
        let stored = try #require(try await JetStreamContext(connection).lastMessage(stream: name))
        #expect(stored.headers["Outbox-Position"] == "7")
        #expect(stored.headers["Nats-Msg-Id"] == "\(name)-7")
        #expect(stored.headers["traceparent"]?.hasPrefix("00-0af76519") == true)
        await connection.close()
    }

    @Test(arguments: [JetStreamBroker.AtomicBatches.never, .from(2)])
    func batchesHandedOverWithoutWaitingAreStoredInOrder(atomic: JetStreamBroker.AtomicBatches) async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: atomic)
        _ = try await broker.tail(of: name)
        var pending: [any PendingPublish] = []
        for batch in 0..<4 {
            let start = Int64(batch * 250)
            pending.append(
                await broker.publish(messages(start + 1...start + 250), to: name, after: UInt64(start)))
        }
        for (batch, publish) in pending.enumerated() {
            #expect(await publish.outcome() == .stored(lastSequence: UInt64(batch + 1) * 250))
        }
        let context = JetStreamContext(connection)
        for sequence: UInt64 in [1, 250, 251, 777, 1_000] {
            let stored = try await context.message(stream: name, sequence: sequence)
            #expect(stored?.headers["Outbox-Position"] == String(sequence))
        }
        #expect(try await end(broker) == StreamTail(sequence: 1_000, position: 1_000))
        await connection.close()
    }

    @Test(arguments: [JetStreamBroker.AtomicBatches.never, .from(2)])
    func secondRelayIsFencedOff(atomic: JetStreamBroker.AtomicBatches) async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: atomic)
        _ = try await broker.tail(of: name)
        #expect(await broker.publish(messages(1...10), to: name, after: 0).outcome() == .stored(lastSequence: 10))
        let late = messages(11...14).map {
            LedgerMessage(
                position: $0.position, messageID: "other-\($0.position)", subject: $0.subject, traceparent: nil,
                payload: $0.payload)
        }
        #expect(await broker.publish(late, to: name, after: 5).outcome() == .refused(index: 0, .wrongSequence))
        #expect(try await end(broker) == StreamTail(sequence: 10, position: 10))
        await connection.close()
    }

    @Test func messageThatIsTooLargeIsNamedAndAllBehindItAreRefused() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        let batch = messages(1...3) + messages(4...4, size: 3_000) + messages(5...6)
        let outcome = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(3, .unacceptable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await end(broker) == StreamTail(sequence: 3, position: 3))
        await connection.close()
    }

    @Test(arguments: [0, 2, 4])
    func subjectOfAnotherStreamInAnAtomicBatchRefusesAllOfIt(foreign: Int) async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let context = JetStreamContext(connection)
        var other = StreamConfiguration(name: "\(name)-other", subjects: ["other-\(name).>"])
        other.allowAtomic = true
        try await context.createStream(other)
        let broker = JetStreamBroker(connection, atomicBatches: .from(2))
        _ = try await broker.tail(of: name)
        var batch = messages(1...5)
        batch[foreign] = messages(9...9, subject: "other-\(name).event")[0]
        let whole = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(0, .indivisible) = whole else {
            Issue.record("\(whole)")
            return
        }
        let single = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(foreign, .unacceptable) = single else {
            Issue.record("\(single)")
            return
        }
        #expect(try await context.streamInfo(name).state.messages == foreign)
        #expect(try await context.streamInfo(other.name).state.messages == 0)
        await connection.close()
    }

    @Test func batchRefusedAsAWholeIsPublishedSinglyThenSoThatTheCulpritIsFound() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .from(2))
        _ = try await broker.tail(of: name)
        let batch = messages(1...3) + messages(4...4, size: 3_000) + messages(5...6)
        let whole = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(0, .indivisible) = whole else {
            Issue.record("\(whole)")
            return
        }
        #expect(try await end(broker) == StreamTail(sequence: 0, position: nil))
        let single = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(3, .unacceptable) = single else {
            Issue.record("\(single)")
            return
        }
        await connection.close()
    }

    @Test func largeBatchWithARefusedMessageIsPublishedSinglyThenSoThatTheCulpritIsFound() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        let batch = messages(1...40) + messages(41...41, subject: "nobody.\(name)") + messages(42...60)
        let whole = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(0, .indivisible) = whole else {
            Issue.record("\(whole)")
            return
        }
        // What stands before the refused message is stored, nothing behind it is.
        #expect(try await end(broker) == StreamTail(sequence: 40, position: 40))
        let single = await broker.publish(Array(batch[40...]), to: name, after: 40).outcome()
        guard case .refused(0, .unacceptable) = single else {
            Issue.record("\(single)")
            return
        }
        await connection.close()
    }

    @Test func foreignMessagesAtTheEndCountInTheSequenceButAreNoRows() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection)
        let context = JetStreamContext(connection)
        let foreign = JetStreamMessage(subject: "\(name).event", payload: Array("not a row".utf8))
        _ = try await context.publish(foreign)
        #expect(try await end(broker) == StreamTail(sequence: 1, position: 0))
        #expect(await broker.publish(messages(1...3), to: name, after: 1).outcome() == .stored(lastSequence: 4))
        for _ in 0..<3 { _ = try await context.publish(foreign) }
        #expect(try await end(broker) == StreamTail(sequence: 7, position: 3))
        #expect(await broker.publish(messages(4...5), to: name, after: 7).outcome() == .stored(lastSequence: 9))
        #expect(try await end(broker) == StreamTail(sequence: 9, position: 5))
        await connection.close()
    }

    @Test func largeBatchOfASecondRelayIsFencedOff() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        #expect(await broker.publish(messages(1...50), to: name, after: 0).outcome() == .stored(lastSequence: 50))
        let other = JetStreamBroker(connection, atomicBatches: .never)
        // Not one whose places reach past the tail: of the same ledger, what it has for them is what belongs there.
        for after: UInt64 in [0, 60] {
            let outcome = await other.publish(messages(101...150), to: name, after: after).outcome()
            // Once as a whole, which does not tell why, then message by message.
            guard case .refused(0, _) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(try await end(broker) == StreamTail(sequence: 50, position: 50))
        }
        await connection.close()
    }

    @Test func largeBatchWhoseLastMessageTheDedupeRemembersIsNotTakenForStored() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        #expect(await broker.publish(messages(100...100), to: name, after: 0).outcome() == .stored(lastSequence: 1))
        let outcome = await broker.publish(messages(61...100), to: name, after: 1).outcome()
        guard case .unknown = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await end(broker) == StreamTail(sequence: 40, position: 99))
        await connection.close()
    }

    @Test func subjectThatNoStreamTakesIsUnacceptable() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        let batch = messages(1...2) + messages(3...3, subject: "nobody.\(name)")
        let outcome = await broker.publish(batch, to: name, after: 0).outcome()
        guard case .refused(2, .unacceptable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        await connection.close()
    }

    @Test func messageThatTheDedupeRemembersAtAnotherPlaceIsTold() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection, atomicBatches: .never)
        _ = await broker.publish(messages(1...5), to: name, after: 0).outcome()
        let again = await broker.publish(messages(3...4), to: name, after: 5).outcome()
        #expect(again == .refused(index: 0, .duplicate(sequence: 3)))
        await connection.close()
    }

    @Test func missingStreamAndConsumerAreToldWithWhatToDo() async throws {
        let connection = try await connect()
        let broker = JetStreamBroker(connection)
        await #expect {
            try await broker.tail(of: "no_such_stream")
        } throws: {
            "\($0)" == "there is no stream no_such_stream: run `artesanos streams apply`"
        }
        await #expect {
            try await broker.subscription(stream: "no_such_stream", durable: "x")
        } throws: {
            "\($0)".contains("there is no consumer x of stream no_such_stream")
        }
        await connection.close()
    }

    @Test func unreachableBrokerIsUnknownOrUnavailableAndNeverTheEventsFault() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let broker = JetStreamBroker(connection)
        await connection.close()
        let outcome = await broker.publish(messages(1...2), to: name, after: 0).outcome()
        switch outcome {
        case .unknown, .refused(_, .unavailable): break
        default: Issue.record("\(outcome)")
        }
    }

    @Test func subscriptionDeliversAcknowledgesAndRetries() async throws {
        let connection = try await connect()
        try await makeStream(connection)
        let context = JetStreamContext(connection)
        var consumer = ConsumerConfiguration(durableName: "reader", filterSubjects: ["\(name).event"])
        consumer.ackWait = .seconds(30)
        try await context.createConsumer(stream: name, consumer)
        let broker = JetStreamBroker(connection)
        _ = await broker.publish(messages(1...3), to: name, after: 0).outcome()
        let subscription = try await broker.subscription(stream: name, durable: "reader")
        let first = try await subscription.fetch(max: 10, wait: .seconds(5))
        #expect(first.map(\.streamSequence) == [1, 2, 3])
        #expect(first.allSatisfy { $0.deliveryCount == 1 && $0.subject == "\(name).event" && $0.payload.count == 10 })
        first[0].acknowledge()
        first[1].retry(after: .milliseconds(10))
        first[2].terminate(reason: "dead-lettered")
        let second = try await subscription.fetch(max: 10, wait: .seconds(5))
        #expect(second.map(\.streamSequence) == [2])
        #expect(second.first?.deliveryCount == 2)
        second.first?.acknowledge()
        try await eventually("all is acknowledged") {
            try await context.consumerInfo(stream: name, "reader").ackPending == 0
        }
        #expect(try await subscription.fetch(max: 10, wait: .milliseconds(50)).isEmpty)
        await connection.close()
    }

    @Test func hintWakesTheListenersRelay() async throws {
        let (sender, receiver) = (try await connect(), try await connect())
        let wakeup = Wakeup()
        let listener = NATSWakeupListener(receiver, stream: name, wakeup: wakeup, logger: .test)
        let task = Task { try await listener.run() }
        let hint = NATSWakeup(sender, stream: name)
        let woken = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let start = ContinuousClock.now
                await wakeup.wait(upTo: .seconds(120))
                #expect(ContinuousClock.now - start < .seconds(100))
                woken.raise()
            }
            // The subscription may not be there yet at the first hint: a hint may be lost, so it is sent again.
            try await eventually("the relay is woken", within: .seconds(30)) {
                hint.notify()
                return woken.isRaised
            }
            try await group.waitForAll()
        }
        task.cancel()
        _ = await task.result
        await sender.close()
        await receiver.close()
    }

    @Test func relayOfTheSameProcessIsWokenWithoutTheNetwork() async throws {
        let connection = try await connect()
        let wakeup = Wakeup()
        NATSWakeup(connection, stream: name, local: wakeup).notify()
        let start = ContinuousClock.now
        await wakeup.wait(upTo: .seconds(120))
        #expect(ContinuousClock.now - start < .seconds(100))
        await connection.close()
    }
}
