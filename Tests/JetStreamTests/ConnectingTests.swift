import Foundation
import JetStream
import LocalServers
import TestSupport
import Testing

@Suite struct ConnectingTests {
    @Test func connectingToNobodyNamesTheServersWithoutPasswords() async throws {
        let port = try FreePort.next()
        let configuration = NATSConfiguration(servers: [
            "nats://127.0.0.1:\(port)", "nats://ana:secreto@127.0.0.1:\(port)",
        ])
        let error = await natsError { () throws(NATSError) in
            try await NATSConnection.connect(configuration, logger: quiet)
        }
        #expect(error?.code == .connectFailed)
        #expect(error?.message.contains("nats://127.0.0.1:\(port), nats://127.0.0.1:\(port)") == true)
        #expect(error?.description.contains("secreto") == false)
    }

    @Test func noServersAndUnreadableFilesAreRefusedWithTheirKeys() async throws {
        let url = try await TestServers.nats().url
        let none = await natsError { () throws(NATSError) in
            try await NATSConnection.connect(NATSConfiguration(servers: []), logger: quiet)
        }
        #expect(none?.code == .invalidArgument)
        for retry in [false, true] {
            let configuration = NATSConfiguration(
                servers: [url], credentialsFile: "/does/not/exist.creds", retryInitialConnect: retry)
            let error = await natsError { () throws(NATSError) in
                try await NATSConnection.connect(configuration, logger: quiet)
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.hasPrefix("credentialsFile: cannot read /does/not/exist.creds") == true)
        }
    }

    @Test func aServerThatStartsLaterIsFoundInTheBackground() async throws {
        let port = try FreePort.next()
        var configuration = testConfiguration("nats://127.0.0.1:\(port)")
        configuration.retryInitialConnect = true
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        #expect(!connection.isConnected)
        let log = EventLog(connection)
        let refused = await natsError { () throws(NATSError) in try connection.publish("a") }
        #expect(refused?.code == .disconnected)
        let server = try await LocalNATS.start(port: port)
        #expect(await connection.waitUntilConnected(timeout: .seconds(60)))
        #expect(connection.isConnected)
        try await connection.flush()
        await connection.close()
        try await eventually("all events") { await log.events == ["disconnected", "connected", "closed", "end"] }
        await server.stop()
    }

    @Test func waitingForAConnectionEndsInTime() async throws {
        var configuration = testConfiguration("nats://127.0.0.1:\(try FreePort.next())")
        configuration.retryInitialConnect = true
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        #expect(await connection.waitUntilConnected(timeout: .milliseconds(20)) == false)
        let waiting = Task { await connection.waitUntilConnected(timeout: .seconds(60)) }
        waiting.cancel()
        #expect(await waiting.value == false)
        let closing = Task { await connection.waitUntilConnected(timeout: .seconds(60)) }
        await connection.close()
        #expect(await closing.value == false)
    }

    @Test func aClosedConnectionSaysSo() async throws {
        let connection = try await connect()
        #expect(connection.connectedURL?.hasPrefix("nats://127.0.0.1:") == true)
        #expect(connection.maxPayload == 1 << 20)
        await connection.close()
        await connection.close()
        #expect(!connection.isConnected)
        #expect(connection.connectedURL == nil)
        #expect(await natsError { () throws(NATSError) in try connection.publish("a") }?.code == .closed)
        #expect(await natsError { () throws(NATSError) in try connection.subscribe("a") }?.code == .closed)
        #expect(await natsError { () throws(NATSError) in try await connection.request("a") }?.code == .closed)
        #expect(await natsError { () throws(NATSError) in try await connection.flush() }?.code == .closed)
        var events: [String] = []
        for await event in connection.events() { events.append("\(event)") }
        #expect(events == ["closed"])
    }

    @Test func requestsThatWaitEndWhenTheConnectionIsClosed() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("r")
        let listener = try connection.subscribe(subject)
        let waiting = Task { await natsError { () throws(NATSError) in try await connection.request(subject) } }
        for await _ in listener { break }
        await connection.close()
        #expect(await waiting.value?.code == .closed)
    }
}
