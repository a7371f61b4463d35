import LocalServers
import Synchronization
import TestSupport
import Testing

@testable import JetStream

/// Each test has a server of its own, to kill, stop or freeze.
@Suite struct ReconnectingTests {
    @Test func aKilledServerIsNoticedAndFoundAgain() async throws {
        let server = try await LocalNATS.start()
        let stream = try await TestStream.make(on: server)
        let consumer = try await stream.consumer()
        let log = EventLog(stream.connection)
        let subject = UniqueName.next("m")
        let subscription = try stream.connection.subscribe(subject)
        try await stream.fill(3)
        for delivery in try await consumer.fetch(3, max: 10) { try await delivery.ackSync() }
        #expect(try await stream.info(consumer).ackFloor.stream == 3)
        let waiting = Task {
            await jetStreamError { () throws(JetStreamError) in try await consumer.fetch(max: 10, expires: .seconds(60))
            }
        }
        try await eventually("the request waits") { try await stream.info(consumer).waiting == 1 }

        await server.kill()
        #expect(await waiting.value?.kind == .disconnected)
        try await eventually("it is noticed") { !stream.connection.isConnected }
        let refused = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.publish(stream.messages(1)[0])
        }
        #expect(refused?.kind == .disconnected)
        #expect(refused?.isTransient == true)
        let early = Task { try? await consumer.fetch(max: 10, expires: .seconds(60)) }

        try await server.restart()
        #expect(await stream.connection.waitUntilConnected(timeout: .seconds(60)))
        // The stream and the consumer need a moment to be up.
        try await eventually("it is stored", within: .seconds(30)) {
            try await stream.js.publish(stream.messages(1, from: 4)[0]).sequence == 4
        }
        // The fetch that was called while there was no connection gets it, unless the consumer was not up yet.
        var deliveries = await early.value ?? []
        try await eventually("it is fetched", within: .seconds(30)) {
            if deliveries.isEmpty { deliveries = try await consumer.fetch(max: 10, expires: .seconds(1)) }
            return !deliveries.isEmpty
        }
        // Acks shortly before the crash may be lost: the server keeps them in memory for a while.
        #expect(Set(deliveries.map { number($0.payload) }).isSubset(of: [1, 2, 3, 4]))
        try await deliveries.first?.ackSync()
        try stream.connection.publish(subject, payload: [7])
        for await message in subscription {
            #expect(message.payload == [7])
            break
        }
        await stream.connection.close()
        try await eventually("all events") {
            await log.events == ["connected", "disconnected", "reconnected", "closed", "end"]
        }
        await server.stop()
    }

    @Test func publishesInFlightFailAtOnceWhenTheServerDies() async throws {
        let server = try await LocalNATS.start()
        let stream = try await TestStream.make(on: server)
        try await freeze(server)
        let acks = stream.js.publishPipelined(stream.messages(100), timeout: .seconds(60))
        let request = Task {
            await natsError { () throws(NATSError) in
                try await stream.connection.request("$JS.API.INFO", timeout: .seconds(60))
            }
        }
        await server.kill()
        for outcome in await acks.outcomes() {
            #expect(outcome.error?.kind == .disconnected)
            #expect(outcome.error?.isOutcomeUnknown == true)
        }
        #expect(await request.value?.code == .disconnected)
        await stream.connection.close()
        await server.stop()
    }

    @Test func nothingOfALostConnectionIsSentLater() async throws {
        let server = try await LocalNATS.start()
        let stream = try await TestStream.make(on: server)
        // Made again with the next connection before anything is sent there, so it sees whatever is.
        let observer = try stream.connection.subscribe(stream.name + ".>")
        try await stream.connection.flush()
        try await freeze(server)
        // More than the sockets take, so that most of it still waits in this process when the connection is lost.
        let large = (0..<1_000).map { _ in
            JetStreamMessage(subject: stream.subject, payload: [UInt8](repeating: 65, count: 20_000))
        }
        let acks = stream.js.publishPipelined(large, timeout: .seconds(60))
        // And behind it what has not even begun to be written.
        try await eventually("the writer is at the first") {
            stream.connection.core.state.withLock { $0.outgoing.isEmpty }
        }
        let more = stream.js.publishPipelined(stream.messages(10, from: 100), timeout: .seconds(60))
        try stream.connection.publish(stream.subject, payload: Array("200".utf8))
        await server.kill()
        for outcome in await acks.outcomes() + more.outcomes() { #expect(outcome.error?.kind == .disconnected) }
        try await server.restart()
        #expect(await stream.connection.waitUntilConnected(timeout: .seconds(60)))
        try stream.connection.publish(stream.subject, payload: Array("1".utf8))
        for await message in observer {
            #expect(number(message.payload) == 1)
            break
        }
        await stream.connection.close()
        await server.stop()
    }

    @Test func aFrozenServerIsATimeout() async throws {
        let server = try await LocalNATS.start()
        let stream = try await TestStream.make(on: server)
        let consumer = try await stream.consumer()
        try await freeze(server)
        let acks = stream.js.publishPipelined(stream.messages(3), timeout: .milliseconds(300))
        let request = await natsError { () throws(NATSError) in
            try await stream.connection.request("$JS.API.INFO", timeout: .milliseconds(300))
        }
        #expect(request?.code == .timeout)
        let flush = await natsError { () throws(NATSError) in
            try await stream.connection.flush(timeout: .milliseconds(300))
        }
        #expect(flush?.code == .timeout)
        for outcome in await acks.outcomes() {
            #expect(outcome.error?.kind == .timeout)
            #expect(outcome.error?.isOutcomeUnknown == true)
        }
        // A heartbeat is due every two seconds: a fetch does not wait for its whole time, which would be no error.
        let fetch = await jetStreamError { () throws(JetStreamError) in
            try await consumer.fetch(max: 10, expires: .seconds(8))
        }
        #expect(fetch?.kind == .timeout)
        #expect(try await consumer.fetch(max: 10, expires: .milliseconds(100)).isEmpty)
        server.resume()
        try await eventually("what was sent arrives") {
            try await stream.js.streamInfo(stream.name).state.messages == 3
        }
        var numbers: Set<Int> = []
        try await eventually("nothing is lost to the fetches that gave up") {
            for delivery in try await consumer.fetch(max: 10, expires: .milliseconds(200)) {
                numbers.insert(number(delivery.payload))
                delivery.ack()
            }
            return numbers == [1, 2, 3]
        }
        await stream.connection.close()
        await server.stop()
    }

    @Test func aServerThatDoesNotReadIsGivenUpAndTheTasksAreNotBlocked() async throws {
        let server = try await LocalNATS.start()
        var configuration = testConfiguration(server.url)
        configuration.writeTimeout = .seconds(5)
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        let log = EventLog(connection)
        try await freeze(server)
        let js = JetStreamContext(connection)
        let messages = Array(
            repeating: JetStreamMessage(subject: "a.b", payload: [UInt8](repeating: 0, count: 100_000)), count: 200)
        let start = ContinuousClock.now
        let acks = js.publishPipelined(messages, timeout: .seconds(60))
        // Handing over does not wait for the socket.
        #expect(ContinuousClock.now - start < .seconds(4))
        for outcome in await acks.outcomes() { #expect(outcome.error?.kind == .disconnected) }
        server.resume()
        #expect(await connection.waitUntilConnected(timeout: .seconds(60)))
        try await connection.flush()
        try await eventually("events") { await log.events == ["connected", "disconnected", "reconnected"] }
        await connection.close()
        await server.stop()
    }

    @Test func aSilentServerIsNoticedByPings() async throws {
        let server = try await LocalNATS.start()
        var configuration = testConfiguration(server.url)
        configuration.pingInterval = .milliseconds(100)
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        try await freeze(server)
        try await eventually("it is noticed") { !connection.isConnected }
        server.resume()
        #expect(await connection.waitUntilConnected(timeout: .seconds(60)))
        await connection.close()
        await server.stop()
    }

    @Test func subscriptionsMadeWithoutConnectionWorkAfterIt() async throws {
        let server = try await LocalNATS.start()
        let connection = try await connect(server)
        await server.kill()
        try await eventually("it is noticed") { !connection.isConnected }
        let subscription = try connection.subscribe("made.offline")
        let ended = try connection.subscribe("ended.offline")
        ended.unsubscribe()
        for await _ in ended { Issue.record("a message without a server") }
        try await server.restart()
        #expect(await connection.waitUntilConnected(timeout: .seconds(60)))
        try connection.publish("made.offline", payload: [1])
        for await message in subscription {
            #expect(message.payload == [1])
            break
        }
        await connection.close()
        await server.stop()
    }

    @Test func closingWhileTheServerIsAwayEndsEverything() async throws {
        let server = try await LocalNATS.start()
        let connection = try await connect(server)
        let subscription = try connection.subscribe("a.b")
        await server.kill()
        try await eventually("it is noticed") { !connection.isConnected }
        await connection.close()
        for await _ in subscription { Issue.record("a message without a server") }
        await server.stop()
    }
}
