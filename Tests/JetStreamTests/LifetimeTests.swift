import LocalServers
import Logging
import Synchronization
import TestSupport
import Testing

@testable import JetStream

/// What is dropped is freed: a core that is gone proves that all its callbacks' boxes were released.
@Suite struct LifetimeTests {
    private final class Weak: Sendable {
        weak let core: ConnectionCore?

        init(_ connection: NATSConnection) { core = connection.core }
    }

    @Test func aDroppedConnectionClosesItselfAndIsFreed() async throws {
        let weak: Weak
        do {
            let connection = try await connect()
            weak = Weak(connection)
            try connection.publish("a.b")
        }
        try await eventually("freed") { weak.core == nil }
    }

    @Test func subscriptionsAndConsumersAreFreedWithIt() async throws {
        let weak: Weak
        do {
            let stream = try await TestStream.make()
            weak = Weak(stream.connection)
            try await stream.fill(10)
            let consumer = try await stream.consumer()
            #expect(try await consumer.fetch(5, max: 5).count == 5)
            let subscription = try stream.connection.subscribe("some.subject")
            try stream.connection.publish("some.subject")
            for await _ in subscription { break }
            _ = stream.js.publishPipelined(stream.messages(10), timeout: .seconds(60))
            let events = stream.connection.events()
            for await _ in events { break }
        }
        try await eventually("freed") { weak.core == nil }
    }

    @Test func aClosedConnectionIsFreed() async throws {
        let weak: Weak
        do {
            let connection = try await connect()
            weak = Weak(connection)
            let subscription = try connection.subscribe("some.subject")
            await connection.close()
            for await _ in subscription {}
        }
        try await eventually("freed") { weak.core == nil }
    }

    @Test func aConnectionThatWasLostIsFreed() async throws {
        let server = try await LocalNATS.start()
        let weak: Weak
        do {
            let connection = try await connect(server)
            weak = Weak(connection)
            let subscription = try connection.subscribe("some.subject")
            for _ in 0..<3 {
                await server.kill()
                try await eventually("it is noticed") { !connection.isConnected }
                try await server.restart()
                #expect(await connection.waitUntilConnected(timeout: .seconds(60)))
            }
            _ = subscription.dropped
            await server.kill()
        }
        try await eventually("freed") { weak.core == nil }
        await server.stop()
    }

    @Test func aConnectionThatNeverWasIsFreed() async throws {
        var configuration = testConfiguration("nats://127.0.0.1:\(try FreePort.next())")
        configuration.retryInitialConnect = true
        let weak: Weak
        do {
            let connection = try await NATSConnection.connect(configuration, logger: quiet)
            weak = Weak(connection)
        }
        try await eventually("freed") { weak.core == nil }
    }

    @Test func manySubscriptionsComeAndGo() async throws {
        let connection = try await connect()
        for _ in 0..<20 {
            var subscriptions: [NATSSubscription] = []
            for index in 0..<20 { subscriptions.append(try connection.subscribe("many.\(index)")) }
            for index in 0..<20 { try connection.publish("many.\(index)") }
        }
        try await connection.flush()
        try await eventually("only the inbox is left") {
            connection.core.handles.withLock { $0.subscriptions.count } == 1
                && connection.core.state.withLock { $0.ending.isEmpty && $0.subscriptions.count == 1 }
        }
        await connection.close()
    }
}
