import Foundation
import LocalServers
import Synchronization
import TestSupport
import Testing

@testable import JetStream

/// Windows of messages that are written past libnats. What they do is what they do through libnats, so each promise is
/// tried here again where the way of writing can break it.
@Suite struct DirectWritingTests {
    /// A connection that writes directly.
    private func connectDirectly(
        _ server: LocalNATS? = nil, _ configure: (inout NATSConfiguration) -> Void = { _ in }
    ) async throws -> NATSConnection {
        let url: String
        if let server { url = server.url } else { url = try await TestServers.nats().url }
        var configuration = testConfiguration(url)
        configuration.writesDirectly = true
        configure(&configuration)
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        try #require(socket(of: connection) != nil)
        return connection
    }

    private func socket(of connection: NATSConnection) -> DirectSocket? {
        connection.core.state.withLock { state in
            if case .connected(let session) = state.phase { session.socket } else { nil }
        }
    }

    /// The stream of a test, and a context that writes to it directly.
    private func setting(
        on server: LocalNATS? = nil, _ configure: (inout NATSConfiguration) -> Void = { _ in }
    ) async throws -> (stream: TestStream, direct: JetStreamContext) {
        let stream = try await TestStream.make(on: server) { $0.allowAtomic = true }
        return (stream, JetStreamContext(try await connectDirectly(server, configure), timeout: .seconds(60)))
    }

    private func end(_ setting: (stream: TestStream, direct: JetStreamContext)) async {
        await setting.direct.connection.close()
        await setting.stream.connection.close()
    }

    /// Messages of all shapes; one is larger than what is written at once.
    private func shapes(_ subject: String) -> [JetStreamMessage] {
        let plain = JetStreamMessage(subject: subject)
        let text = JetStreamMessage(subject: subject, payload: Array("{\"ñ\": \"\\r\\n\"}\r\nMSG a 1 2".utf8))
        let large = JetStreamMessage(subject: subject, payload: (0..<300_000).map { UInt8(truncatingIfNeeded: $0) })
        var headers = NATSHeaders(dictionaryLiteral: ("Outbox-Position", "123456789"), ("Empty", ""), ("Text", "ø: €"))
        headers.add("Twice", "1")
        headers.add("Twice", "2")
        let described = JetStreamMessage(
            subject: subject, headers: headers, payload: [0, 13, 10, 0], id: UniqueName.next("id"))
        return [plain, text, large, described, described].enumerated().map { index, message in
            var message = message
            if index == 4 { message.headers[JetStreamHeader.messageID] = UniqueName.next("id") }
            return message
        }
    }

    @Test func whatIsStoredIsByteForByteWhatWasPublished() async throws {
        let setting = try await setting()
        let messages = shapes(setting.stream.subject)
        let timeout = Duration.seconds(60)
        for outcome in await setting.direct.publishPipelined(messages, timeout: timeout).outcomes() {
            _ = try outcome.get()
        }
        var again = messages
        for index in again.indices { again[index].headers[JetStreamHeader.messageID] = nil }
        #expect(try await setting.direct.publishAtomically(again, timeout: timeout).batchSize == again.count)
        for index in again.indices {
            again[index].headers[JetStreamHeader.expectedLastSequence] = String(2 * messages.count + index)
        }
        let last = try await setting.direct.publishChained(again, timeout: timeout).outcome().get()
        #expect(last.sequence == UInt64(3 * messages.count))
        for sequence in 1...last.sequence {
            let stored = try #require(
                try await setting.stream.js.message(stream: setting.stream.name, sequence: sequence))
            let published = messages[Int(sequence - 1) % messages.count]
            #expect(stored.subject == published.subject)
            #expect(stored.payload == published.payload)
            for name in ["Outbox-Position", "Empty", "Text", "Twice"] {
                #expect(stored.headers.values(name) == published.headers.values(name), "\(sequence) \(name)")
            }
        }
        await end(setting)
    }

    @Test func windowsAndLibnatssOwnMessagesDoNotMix() async throws {
        let setting = try await setting()
        let subject = UniqueName.next("m")
        let received = Mutex(0)
        let subscription = try setting.direct.connection.subscribe(subject)
        try await setting.direct.connection.flush()
        let reader = Task {
            for await message in subscription {
                #expect(message.payload.count == 700)
                received.withLock { $0 += 1 }
            }
        }
        let errors = EventLog(setting.direct.connection)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for round in 0..<20 {
                        let window = setting.stream.messages(100, from: (task * 20 + round) * 100)
                        for outcome in await setting.direct.publishPipelined(window, timeout: .seconds(60)).outcomes() {
                            _ = try outcome.get()
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<500 {
                        try setting.direct.connection.publish(subject, payload: [UInt8](repeating: 1, count: 700))
                        await Task.yield()
                    }
                }
                group.addTask {
                    for _ in 0..<50 {
                        _ = try await setting.direct.streamInfo(setting.stream.name)
                        try await setting.direct.connection.flush()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await setting.stream.stored().sorted() == Array(0..<8_000))
        try await eventually("all messages are there") { received.withLock { $0 } == 2_000 }
        #expect(await errors.events == ["connected"])
        await end(setting)
        await reader.value
    }

    @Test func aRefusalInTheMiddleStoresNothingBehindIt() async throws {
        let setting = try await setting()
        var messages = setting.stream.messages(300)
        for index in messages.indices { messages[index].headers[JetStreamHeader.expectedLastSequence] = "\(index)" }
        messages[123].headers[JetStreamHeader.expectedStream] = "another"
        let chained = await setting.direct.publishChained(messages, timeout: .seconds(60)).outcome()
        #expect(chained.error?.kind == .wrongLastSequence)
        #expect(try await setting.stream.stored() == Array(1...123))
        let outcomes = await setting.direct.publishPipelined(
            Array(messages[123...]), timeout: .seconds(60)
        ).outcomes()
        #expect(outcomes[0].error?.errorCode == JetStreamErrorCode.expectedStreamDoesNotMatch)
        #expect(outcomes[1...].allSatisfy { $0.error?.kind == .wrongLastSequence })
        await end(setting)
    }

    @Test func whatCannotBeSentIsToldAndTheOthersAreSent() async throws {
        let setting = try await setting()
        var messages = setting.stream.messages(4)
        messages[1].payload = [UInt8](repeating: 0, count: 2 << 20)
        messages[3] = JetStreamMessage(subject: "bad subject")
        let outcomes = await setting.direct.publishPipelined(messages, timeout: .seconds(60)).outcomes()
        #expect(outcomes.map { $0.value?.sequence } == [1, nil, 2, nil])
        #expect(outcomes[1].error?.kind == .messageTooLarge)
        #expect(outcomes[3].error?.kind == .invalidArgument)
        let nobody = JetStreamMessage(subject: UniqueName.next("nobody"))
        let unanswered = await setting.direct.publishChained([nobody], timeout: .seconds(60)).outcome()
        #expect(unanswered.error?.kind == .noResponders)
        await end(setting)
    }

    @Test func aRefusedPermissionIsToldAndTheConnectionGoesOn() async throws {
        let server = try await LocalNATS.start(
            configuration: """
                authorization { users: [
                    { user: all, password: pw },
                    { user: relay, password: pw, permissions: {
                        publish: { deny: ["secret.>"] }, subscribe: ["_INBOX.>"] } }
                ] }
                """)
        let all = try await NATSConnection.connect(
            testConfiguration("nats://all:pw@127.0.0.1:\(server.port)"), logger: quiet)
        try await JetStreamContext(all).createStream(StreamConfiguration(name: "s", subjects: ["s.>", "secret.>"]))
        let relay = JetStreamContext(
            try await connectDirectly(server) { $0.servers = ["nats://relay:pw@127.0.0.1:\(server.port)"] })
        let refused = await relay.publishChained(
            [JetStreamMessage(subject: "secret.x")], timeout: .seconds(5)
        ).outcome()
        #expect(refused.error?.kind == .timeout)
        #expect(refused.error?.message.localizedCaseInsensitiveContains("permissions violation") == true)
        #expect(try await relay.publish(JetStreamMessage(subject: "s.x")).sequence == 1)
        await relay.connection.close()
        await all.close()
        await server.stop()
    }

    @Test func aKilledServerFailsWhatIsInFlightAndIsFoundAgain() async throws {
        let server = try await LocalNATS.start()
        let setting = try await setting(on: server)
        let before = Weak(socket(of: setting.direct.connection))
        try await freeze(server)
        let acks = setting.direct.publishPipelined(setting.stream.messages(1_000), timeout: .seconds(60))
        await server.kill()
        for outcome in await acks.outcomes() { #expect(outcome.error?.kind == .disconnected) }
        try await server.restart()
        #expect(await setting.direct.connection.waitUntilConnected(timeout: .seconds(60)))
        try await eventually("it stores again", within: .seconds(30)) {
            try await setting.direct.publish(setting.stream.messages(1)[0]).sequence == 1
        }
        try await eventually("the old socket is closed") { before.socket == nil }
        await end(setting)
        await server.stop()
    }

    @Test func aServerThatDoesNotReadIsGivenUpAndNobodyIsBlocked() async throws {
        let server = try await LocalNATS.start()
        let setting = try await setting(on: server) { configuration in
            configuration.writeTimeout = .seconds(5)
            configuration.maxOutgoingBytes = 16 << 20
        }
        try await freeze(server)
        let large = (0..<120).map { _ in
            JetStreamMessage(subject: setting.stream.subject, payload: [UInt8](repeating: 65, count: 100_000))
        }
        let start = ContinuousClock.now
        let first = setting.direct.publishPipelined(large, timeout: .seconds(60))
        try await eventually("the writer is at the first") {
            setting.direct.connection.core.state.withLock { $0.outgoing.isEmpty }
        }
        let second = setting.direct.publishPipelined(large, timeout: .seconds(60))
        let third = setting.direct.publishPipelined(large, timeout: .seconds(60))
        // Handing over does not wait for the socket, and no more than the limit waits for it.
        #expect(ContinuousClock.now - start < .seconds(4))
        for outcome in await third.outcomes() { #expect(outcome.error?.kind == .outgoingFull) }
        for outcome in await first.outcomes() + second.outcomes() { #expect(outcome.error?.kind == .disconnected) }
        server.resume()
        #expect(await setting.direct.connection.waitUntilConnected(timeout: .seconds(60)))
        // Nothing of the second window came behind the half message at which the first one ended.
        #expect(try await setting.direct.streamInfo(setting.stream.name).state.messages < 120)
        await end(setting)
        await server.stop()
    }

    @Test func aServerThatIsSlowOnlyDelaysAndNoPingGetsIntoAMessage() async throws {
        let server = try await LocalNATS.start()
        let setting = try await setting(on: server) { configuration in
            configuration.pingInterval = .milliseconds(20)
            configuration.maxPingsOut = 10_000
        }
        let shared = try #require(socket(of: setting.direct.connection))
        try await freeze(server)
        let large = (0..<100).map { _ in
            JetStreamMessage(subject: setting.stream.subject, payload: [UInt8](repeating: 65, count: 100_000))
        }
        let acks = setting.direct.publishPipelined(large, timeout: .seconds(60))
        try await eventually("the writer is at it") {
            setting.direct.connection.core.state.withLock { $0.outgoing.isEmpty }
        }
        // The window stands still in the middle of a message, and libnats wants to send its pings.
        try await eventually("a ping waits") { shared.isWanted.load(ordering: .sequentiallyConsistent) }
        let flush = Task { try await setting.direct.connection.flush(timeout: .seconds(60)) }
        server.resume()
        for (index, outcome) in await acks.outcomes().enumerated() {
            #expect(outcome.value?.sequence == UInt64(index + 1))
        }
        try await flush.value
        await end(setting)
        await server.stop()
    }

    @Test func anNKeyWorksAndTheSocketIsSharedAllTheSame() async throws {
        let server = try await LocalNATS.start(
            configuration: "authorization { users: [ { nkey: \(CredentialsTests.publicKey) } ] }")
        let folder = try TemporaryFolder()
        let file = try folder.write("both.nk", "\(CredentialsTests.seed)\n\(CredentialsTests.publicKey)\n")
        let connection = try await connectDirectly(server) { $0.nkeySeedFile = file }
        let js = JetStreamContext(connection)
        try await js.createStream(StreamConfiguration(name: "s", subjects: ["s.>"]))
        #expect(try await js.publish(JetStreamMessage(subject: "s.x")).sequence == 1)
        await connection.close()
        await server.stop()
    }

    @Test func withTLSEverythingGoesThroughLibnats() async throws {
        let folder = try TemporaryFolder()
        let certificate = try await folder.makeCertificate()
        let server = try await LocalNATS.start(
            configuration: "tls { cert_file: \"\(certificate.certificate)\", key_file: \"\(certificate.key)\" }")
        var configuration = testConfiguration("tls://localhost:\(server.port)")
        configuration.writesDirectly = true
        configuration.tls = NATSTLS(caFile: certificate.certificate)
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        #expect(socket(of: connection) == nil)
        let js = JetStreamContext(connection)
        try await js.createStream(StreamConfiguration(name: "s", subjects: ["s.>"]))
        #expect(try await js.publish(JetStreamMessage(subject: "s.x")).sequence == 1)
        await connection.close()

        // The server asks for TLS though nothing here says so: tried without the socket, and refused for its authority.
        configuration.servers = ["nats://localhost:\(server.port)"]
        configuration.tls = nil
        let error = await natsError { () throws(NATSError) in
            try await NATSConnection.connect(configuration, logger: quiet).close()
        }
        #expect(error?.code == .authorization)
        #expect(error?.message.contains("no-tls") == false)
        await server.stop()
    }

    @Test func aClosedConnectionFreesItsSocket() async throws {
        let connection = try await connectDirectly()
        let socket = Weak(socket(of: connection))
        try await connection.flush()
        await connection.close()
        try await eventually("freed") { socket.socket == nil }
    }

    @Test func aDroppedConnectionFreesItsSocket() async throws {
        let socket: Weak
        do {
            let connection = try await connectDirectly()
            socket = Weak(self.socket(of: connection))
            try connection.publish("a.b")
        }
        try await eventually("freed") { socket.socket == nil }
    }

    private final class Weak: Sendable {
        weak let socket: DirectSocket?

        init(_ socket: DirectSocket?) { self.socket = socket }
    }
}
