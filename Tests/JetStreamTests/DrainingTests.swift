import JetStream
import LocalServers
import TestSupport
import Testing

@Suite struct DrainingTests {
    @Test func drainingLetsReadersFinishAndTheirWordsGetThrough() async throws {
        let connection = try await connect()
        let observer = try await connect()
        let subject = UniqueName.next("d")
        let answers = try observer.subscribe(subject + ".done")
        try await observer.flush()
        let subscription = try connection.subscribe(subject)
        for index in 0..<100 { try connection.publish(subject, payload: Array("\(index)".utf8)) }
        try await connection.flush()
        let reader = Task {
            var count = 0
            for await message in subscription {
                await Task.yield()
                try connection.publish(subject + ".done", payload: message.payload)
                count += 1
            }
            return count
        }
        await connection.drain(timeout: .seconds(60))
        #expect(try await reader.value == 100)
        #expect(!connection.isConnected)
        var seen = 0
        for await _ in answers {
            seen += 1
            if seen == 100 { break }
        }
        #expect(seen == 100)
        await observer.close()
    }

    @Test func drainingWaitsForAnswersThatAreDue() async throws {
        let stream = try await TestStream.make()
        let consumer = try await stream.consumer()
        try await stream.fill(10)
        let deliveries = try await consumer.fetch(10, max: 10)
        let acks = stream.js.publishPipelined(stream.messages(500, from: 11), timeout: .seconds(60))
        for delivery in deliveries { delivery.ack() }
        await stream.connection.drain(timeout: .seconds(60))
        for outcome in await acks.outcomes() { _ = try outcome.get() }
        let other = try await connect()
        // The server has all acks, and applies them when it comes to it.
        try await eventually("all acked") {
            try await JetStreamContext(other).consumerInfo(stream: stream.name, consumer.durable).ackFloor.stream == 10
        }
        await other.close()
    }

    @Test func drainingEndsAWaitingFetch() async throws {
        let stream = try await TestStream.make()
        let consumer = try await stream.consumer()
        let fetching = Task {
            await jetStreamError { () throws(JetStreamError) in try await consumer.fetch(max: 1, expires: .seconds(60))
            }
        }
        try await eventually("the request waits") { try await stream.info(consumer).waiting == 1 }
        await stream.connection.drain(timeout: .seconds(60))
        #expect(await fetching.value?.kind == .closed)
    }

    @Test func whileDrainingNothingNewIsSubscribedTo() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("d")
        let subscription = try connection.subscribe(subject)
        try connection.publish(subject)
        var iterator = subscription.makeAsyncIterator()
        _ = await iterator.next()
        let draining = Task { await connection.drain(timeout: .seconds(60)) }
        try await eventually("it is refused") {
            await natsError { () throws(NATSError) in try connection.subscribe("a") }?.code == .draining
        }
        #expect(connection.isConnected)
        let last = await iterator.next()
        #expect(last == nil)
        await draining.value
    }

    @Test func drainingIsBounded() async throws {
        let server = try await LocalNATS.start()
        let connection = try await connect(server)
        let subscription = try connection.subscribe("a.b")
        // A reader that does not come back for more.
        try connection.publish("a.b")
        var iterator = subscription.makeAsyncIterator()
        _ = await iterator.next()
        let start = ContinuousClock.now
        await connection.drain(timeout: .milliseconds(200))
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(!connection.isConnected)
        let frozen = try await connect(server)
        try await freeze(server)
        let waiting = Task {
            await natsError { () throws(NATSError) in try await frozen.request("x.y", timeout: .seconds(60)) }
        }
        await frozen.drain(timeout: .milliseconds(200))
        #expect(await waiting.value?.code == .closed)
        #expect(ContinuousClock.now - start < .seconds(60))
        await server.stop()
    }
}
