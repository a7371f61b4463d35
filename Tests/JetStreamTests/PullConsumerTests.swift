import Foundation
import JetStream
import LocalServers
import Synchronization
import TestSupport
import Testing

@Suite struct PullConsumerTests {
    @Test func whatIsAtHandComesUpToMaxAndInOrder() async throws {
        let stream = try await TestStream.make()
        try await stream.fill(25)
        let consumer = try await stream.consumer()
        var numbers: [Int] = []
        while numbers.count < 25 {
            let deliveries = try await consumer.fetch(max: 10, expires: .seconds(10))
            #expect((1...10).contains(deliveries.count))
            numbers += deliveries.map { number($0.payload) }
            for delivery in deliveries { #expect(delivery.ack()) }
        }
        #expect(numbers == Array(1...25))
        try await eventually("all acked") { try await stream.info(consumer).ackFloor.stream == 25 }
        await stream.connection.close()
    }

    @Test func nothingAtHandIsAnEmptyAnswerAfterExpires() async throws {
        let stream = try await TestStream.make()
        let consumer = try await stream.consumer()
        let start = ContinuousClock.now
        let deliveries = try await consumer.fetch(max: 10, expires: .milliseconds(200))
        #expect(deliveries.isEmpty)
        #expect(ContinuousClock.now - start >= .milliseconds(190))
        await stream.connection.close()
    }

    @Test func aWaitingFetchReturnsWithTheFirstMessage() async throws {
        let stream = try await TestStream.make()
        let consumer = try await stream.consumer()
        let fetching = Task { try await consumer.fetch(max: 10, expires: .seconds(60)) }
        try await eventually("the request waits") { try await stream.info(consumer).waiting == 1 }
        let start = ContinuousClock.now
        try await stream.fill(1)
        let deliveries = try await fetching.value
        #expect(deliveries.map { number($0.payload) } == [1])
        #expect(ContinuousClock.now - start < .seconds(50))
        #expect(try await stream.info(consumer).waiting == 0)
        await stream.connection.close()
    }

    @Test func aDeliveryTellsWhatItIs() async throws {
        let stream = try await TestStream.make()
        let message = JetStreamMessage(
            subject: stream.name + ".order.created.v1", headers: ["traceparent": "00"], payload: [1, 2], id: "id-1")
        try await stream.fill(1)
        _ = try await stream.js.publish(message)
        let consumer = try await stream.consumer { $0.filterSubjects = [stream.name + ".order.>"] }
        let delivery = try #require(try await consumer.fetch(1, max: 1).first)
        #expect(delivery.subject == message.subject)
        #expect(delivery.headers["traceparent"] == "00")
        #expect(delivery.headers[JetStreamHeader.messageID] == "id-1")
        #expect(delivery.payload == [1, 2])
        #expect(delivery.stream == stream.name)
        #expect(delivery.streamSequence == 2)
        #expect(delivery.consumerSequence == 1)
        #expect(delivery.deliveryCount == 1)
        #expect(delivery.pending == 0)
        #expect(delivery.metadata.consumer == consumer.durable)
        #expect(abs(delivery.timestamp.timeIntervalSinceNow) < 60)
        await stream.connection.close()
    }

    @Test func aCancelledFetchLosesNothing() async throws {
        let stream = try await TestStream.make()
        // What comes again was given back, not timed out.
        let consumer = try await stream.consumer { $0.ackWait = .seconds(3_600) }
        for round in 1...10 {
            let fetching = Task { try await consumer.fetch(max: 10, expires: .seconds(60)) }
            try await eventually("the request waits") { try await stream.info(consumer).waiting == 1 }
            // The message and the cancellation race.
            async let stored: Void = stream.fill(1, from: round)
            fetching.cancel()
            try await stored
            let early = (try? await fetching.value) ?? []
            let deliveries =
                early.isEmpty ? try await consumer.fetch(1, max: 10) : early
            #expect(deliveries.map { number($0.payload) } == [round])
            for delivery in deliveries { try await delivery.ackSync() }
        }
        #expect(try await stream.info(consumer).ackPending == 0)
        await stream.connection.close()
    }

    @Test func whatComesAfterTheCancellationGoesBack() async throws {
        let server = try await LocalNATS.start()
        let stream = try await TestStream.make(on: server)
        // What comes again was given back, not timed out.
        let consumer = try await stream.consumer { $0.ackWait = .seconds(3_600) }
        let fetching = Task { try? await consumer.fetch(max: 10, expires: .seconds(60)) }
        try await eventually("the request waits") { try await stream.info(consumer).waiting == 1 }
        // The server finds the message first and the end of the fetch behind it.
        try await freeze(server)
        try stream.connection.publish(stream.subject, payload: Array("1".utf8))
        fetching.cancel()
        #expect(await fetching.value == nil)
        server.resume()
        let again = try #require(try await consumer.fetch(1, max: 10).first)
        #expect(number(again.payload) == 1)
        await stream.connection.close()
        await server.stop()
    }

    @Test func aCancelledFetchTellsSoAndItsRequestIsGone() async throws {
        let stream = try await TestStream.make()
        let consumer = try await stream.consumer()
        let fetching = Task {
            await jetStreamError { () throws(JetStreamError) in try await consumer.fetch(max: 10, expires: .seconds(60))
            }
        }
        try await eventually("the request waits") { try await stream.info(consumer).waiting == 1 }
        fetching.cancel()
        #expect(await fetching.value?.kind == .cancelled)
        try await eventually("the request is gone") { try await stream.info(consumer).waiting == 0 }
        await stream.connection.close()
    }

    @Test func fetchesAtTheSameTimeShareTheMessages() async throws {
        let stream = try await TestStream.make()
        let consumer = try await stream.consumer()
        let fetched = Count()
        let end = ContinuousClock.now + .seconds(120)
        let numbers = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var numbers: [Int] = []
                    while fetched.value < 500, ContinuousClock.now < end {
                        let deliveries = try await consumer.fetch(max: 7, expires: .milliseconds(500))
                        for delivery in deliveries { delivery.ack() }
                        fetched.add(deliveries.count)
                        numbers += deliveries.map { number($0.payload) }
                    }
                    return numbers
                }
            }
            try await stream.fill(500)
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(numbers.sorted() == Array(1...500))
        await stream.connection.close()
    }

    @Test func aFullAckWindowReturnsWhatThereIsAndGoesOnAfterAcks() async throws {
        let stream = try await TestStream.make()
        try await stream.fill(20)
        let consumer = try await stream.consumer { $0.maxAckPending = 5 }
        var numbers: [Int] = []
        let start = ContinuousClock.now
        while numbers.count < 20 {
            let deliveries = try await consumer.fetch(max: 100, expires: .seconds(60))
            #expect((1...5).contains(deliveries.count))
            #expect(deliveries.allSatisfy { $0.deliveryCount == 1 })
            for delivery in deliveries { delivery.ack() }
            numbers += deliveries.map { number($0.payload) }
        }
        #expect(numbers == Array(1...20))
        // No fetch has waited for its whole time.
        #expect(ContinuousClock.now - start < .seconds(60))
        await stream.connection.close()
    }

    @Test func aConsumerThatIsNotThereIsAnError() async throws {
        let stream = try await TestStream.make()
        let none = stream.js.pullConsumer(stream: stream.name, durable: "none")
        let error = await jetStreamError { () throws(JetStreamError) in
            try await none.fetch(max: 1, expires: .seconds(30))
        }
        #expect(error?.kind == .noResponders)
        let deleted = try await stream.consumer()
        let fetching = Task {
            await jetStreamError { () throws(JetStreamError) in try await deleted.fetch(max: 1, expires: .seconds(60)) }
        }
        try await eventually("the request waits") { try await stream.info(deleted).waiting == 1 }
        try await stream.js.deleteConsumer(stream: stream.name, deleted.durable)
        #expect(await fetching.value?.kind == .consumerNotFound)
        for (max, expires) in [(0, Duration.seconds(1)), (1, .zero)] {
            let error = await jetStreamError { () throws(JetStreamError) in
                try await deleted.fetch(max: max, expires: expires)
            }
            #expect(error?.kind == .invalidArgument)
        }
        await stream.connection.close()
    }

    @Test func aDroppedConsumerGivesBackWhatItHolds() async throws {
        let stream = try await TestStream.make()
        try await stream.fill(10)
        let durable: String
        do {
            let consumer = try await stream.consumer { $0.maxAckPending = 5 }
            durable = consumer.durable
            // The request for 100 stays open behind the five: acks would bring more to a consumer that is gone.
            let deliveries = try await consumer.fetch(5, max: 100)
            for delivery in deliveries { delivery.ack() }
        }
        let again = stream.js.pullConsumer(stream: stream.name, durable: durable)
        var numbers: Set<Int> = []
        try await eventually("the others come", within: .seconds(60)) {
            for delivery in try await again.fetch(max: 100, expires: .seconds(10)) {
                delivery.ack()
                numbers.insert(number(delivery.payload))
            }
            return numbers.count >= 5
        }
        #expect(numbers == Set(6...10))
        await stream.connection.close()
    }
}

private final class Count: Sendable {
    private let stored = Mutex(0)

    var value: Int { stored.withLock { $0 } }

    func add(_ number: Int) { stored.withLock { $0 += number } }
}
