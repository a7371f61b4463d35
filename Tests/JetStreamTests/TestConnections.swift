import Foundation
import JetStream
import LocalServers
import Logging
import TestSupport
import Testing

/// A logger that says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A configuration for tests: reconnects without long pauses.
func testConfiguration(_ url: String) -> NATSConfiguration {
    var configuration = NATSConfiguration.patient([url])
    configuration.reconnectWait = .milliseconds(10)
    configuration.reconnectMaxWait = .milliseconds(100)
    return configuration
}

/// A connection to the shared server, or to one of the test's own.
func connect(_ server: LocalNATS? = nil) async throws -> NATSConnection {
    let url: String
    if let server { url = server.url } else { url = try await TestServers.nats().url }
    return try await NATSConnection.connect(testConfiguration(url), logger: quiet)
}

/// A stream of the test's own, with a connection to its server.
struct TestStream {
    let connection: NATSConnection
    let js: JetStreamContext
    let name: String

    /// `<stream>.x`, which is one of the stream's subjects.
    var subject: String { name + ".x" }

    static func make(
        on server: LocalNATS? = nil, _ configure: (inout StreamConfiguration) -> Void = { _ in }
    ) async throws -> TestStream {
        let connection = try await connect(server)
        let js = JetStreamContext(connection, timeout: .seconds(60))
        let name = UniqueName.next("s")
        var configuration = StreamConfiguration(name: name, subjects: [name + ".>"])
        configure(&configuration)
        try await js.createStream(configuration)
        return TestStream(connection: connection, js: js, name: name)
    }

    /// Messages whose payloads are the numbers from `first` on.
    func messages(_ count: Int, from first: Int = 1) -> [JetStreamMessage] {
        (first..<first + count).map { JetStreamMessage(subject: subject, payload: Array("\($0)".utf8)) }
    }

    /// Stores such messages.
    func fill(_ count: Int, from first: Int = 1) async throws {
        for outcome in await js.publishPipelined(messages(count, from: first), timeout: .seconds(60)).outcomes() {
            _ = try outcome.get()
        }
    }

    /// A consumer with explicit acks.
    func consumer(_ configure: (inout ConsumerConfiguration) -> Void = { _ in }) async throws -> PullConsumer {
        var configuration = ConsumerConfiguration(durableName: UniqueName.next("c"))
        configure(&configuration)
        try await js.createConsumer(stream: name, configuration)
        return js.pullConsumer(stream: name, durable: configuration.durableName ?? "")
    }

    func info(_ consumer: PullConsumer) async throws -> ConsumerInfo {
        try await js.consumerInfo(stream: name, consumer.durable)
    }

    /// What is stored, as the numbers of ``messages(_:from:)``.
    func stored() async throws -> [Int] {
        let last = try await js.streamInfo(name).state.lastSequence
        var numbers: [Int] = []
        for sequence in 1...max(1, last) {
            guard let message = try await js.message(stream: name, sequence: sequence) else { continue }
            numbers.append(number(message.payload))
        }
        return numbers
    }
}

/// Pauses a server and waits until each of its threads stands still: the signal itself only asks for that.
func freeze(_ server: LocalNATS) async throws {
    guard let process = server.processID else { throw FrozenError() }
    server.pause()
    let tasks = "/proc/\(process)/task"
    try await eventually("all threads stopped", within: .seconds(30)) {
        try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
            // The state follows the program's name in brackets.
            let stat = try String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8)
            return stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].hasPrefix(") T")
        }
    }
}

/// There is no process to freeze.
struct FrozenError: Error {}

func number(_ payload: [UInt8]) -> Int { Int(text(payload)) ?? -1 }

func text(_ payload: [UInt8]) -> String { String(decoding: payload, as: UTF8.self) }

/// The error that a call throws; nil if it throws none, or another kind.
func natsError<R>(_ body: () async throws(NATSError) -> R) async -> NATSError? {
    do throws(NATSError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

func jetStreamError<R>(_ body: () async throws(JetStreamError) -> R) async -> JetStreamError? {
    do throws(JetStreamError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension Result where Failure == JetStreamError {
    var error: JetStreamError? {
        if case .failure(let error) = self { error } else { nil }
    }

    var value: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}

extension PullConsumer {
    /// Fetches until there are so many. (On a busy machine a fetch may return with a part of what is there, or for want
    /// of a heartbeat with nothing.)
    func fetch(_ count: Int, max: Int) async throws -> [JetStreamDelivery] {
        var deliveries: [JetStreamDelivery] = []
        try await eventually("\(count) messages are fetched", within: .seconds(60)) {
            deliveries += try await fetch(max: max, expires: .seconds(10))
            return deliveries.count >= count
        }
        return deliveries
    }
}

/// Collects a connection's events.
actor EventLog {
    private(set) var events: [String] = []
    private var task: Task<Void, Never>?

    init(_ connection: NATSConnection) {
        let stream = connection.events()
        Task { await self.collect(stream) }
    }

    private func collect(_ stream: AsyncStream<NATSConnectionEvent>) async {
        for await event in stream {
            switch event {
            case .connected: events.append("connected")
            case .disconnected: events.append("disconnected")
            case .reconnected: events.append("reconnected")
            case .closed: events.append("closed")
            case .error(let error): events.append("error \(error.code.rawValue)")
            }
        }
        events.append("end")
    }
}
