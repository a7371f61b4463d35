import AsyncHTTPClient
import Foundation
import JetStream
import LocalServers
import Logging
import NIOCore
import NIOHTTP1
import Outbox
import Postgres
import Schema
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import ServiceRuntime

/// A service with start checks, on real servers.
@Suite(.timeLimit(.minutes(5))) struct StartGateTests {
    @Test func untilTheDatabaseAnswersOnlyOperationalRoutesAreServedAndNothingIsConsumed() async throws {
        let postgres = try await LocalPostgres.start(settings: ["fsync": "off"])
        let database = try await TestDatabase.make(SchemaCatalog.outbox, on: postgres)
        await postgres.kill()
        let check: Check = { pool in { try await pool.query("select count(*) from outbox") } }
        try await Self.withHost(database.pool(logger: Self.quiet), check) { hosted in
            let run = Task { try await hosted.group.run() }
            try await hosted.untilAlive()
            try await hosted.publish()
            #expect(try await hosted.get("/metrics").status == 200)
            #expect(try await hosted.get("/openapi.yaml").status == 200)
            let ready = try await hosted.get("/health/ready")
            #expect(ready.status == 503)
            let report = try JSONDecoder().decode(HealthReport.self, from: Data(ready.body.utf8))
            let start = try #require(report.checks.first { $0.name == "start" })
            #expect(start.status == .down)
            try await eventually("it says what it waits for, and why") {
                try await hosted.get("/health/ready").body.contains("waits for test: connection: ")
            }
            for path in ["/open", "/orders/7", "/nothing"] {
                let answer = try await hosted.get(path)
                #expect(answer.status == 503)
                #expect(answer.type == "application/problem+json")
                #expect(answer.body.contains(#""code":"starting""#))
                #expect(answer.retryAfter == "1")
            }
            #expect(try await hosted.get("/orders/7", token: nil).status == 401)
            #expect(try await hosted.post("/jobs").status == 503)
            #expect(hosted.service.seen.all.isEmpty)

            try await postgres.restart()
            try await eventually("it is ready", within: .seconds(60)) {
                try await hosted.get("/health/ready").status == 200
            }
            #expect(try await hosted.get("/open").body == "open")
            #expect(try await hosted.post("/jobs").status == 202)
            try await eventually("the event and the job are done") { hosted.service.seen.all.count == 2 }
            await hosted.group.triggerGracefulShutdown()
            try await run.value
        }
        await postgres.stop()
    }

    /// What a start check does when the service is told to stop.
    enum Wait: CaseIterable {
        /// The database refuses connections; the check pauses, or is about to.
        case refused
        /// A query is on its way.
        case query
    }

    @Test(arguments: Wait.allCases) func stopWhileTheStartWaitsEndsTheServiceInOrder(_ wait: Wait) async throws {
        for round in 0..<30 {
            let refusing = "postgresql://postgres@127.0.0.1:\(try FreePort.next())/none"
            let pool =
                switch wait {
                case .refused: PostgresPool(PostgresConfiguration(refusing), logger: Self.quiet)
                case .query: try await TestDatabase.make(SchemaCatalog.outbox).pool(logger: Self.quiet)
                }
            let check: Check = { pool in { try await pool.query("select pg_sleep(300)") } }
            try await Self.withHost(pool, check) { hosted in
                let run = Task { try await hosted.group.run() }
                // Each third one is stopped while it comes up.
                if !round.isMultiple(of: 3) { try await hosted.untilAlive() }
                let asked = ContinuousClock.now
                await hosted.group.triggerGracefulShutdown()
                try await run.value
                #expect(.now - asked < .seconds(150))
                #expect(hosted.service.seen.all.isEmpty)
                await #expect(throws: PostgresError.self) { try await pool.query(HealthSQL.ping.bind()) }
            }
        }
    }

    @Test func cancellationWhileTheStartWaitsEndsTheService() async throws {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let check: Check = { pool in { try await pool.query("select pg_sleep(300)") } }
        try await Self.withHost(database.pool(logger: Self.quiet), check) { hosted in
            let run = Task { try await hosted.host.run() }
            try await hosted.untilAlive()
            run.cancel()
            _ = await run.result
            #expect(hosted.service.seen.all.isEmpty)
        }
    }

    @Test func refusalAfterAWaitEndsTheServiceWithItsError() async throws {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let mayAnswer = Flag()
        let check: Check = { _ in
            {
                guard mayAnswer.isRaised else { throw PostgresError(.connection, "away") }
                throw StartRefused("never")
            }
        }
        try await Self.withHost(database.pool(logger: Self.quiet), check) { hosted in
            let run = Task { try await hosted.group.run() }
            try await hosted.untilAlive()
            try await hosted.publish()
            mayAnswer.raise()
            await #expect(throws: StartRefused.self) { try await run.value }
            #expect(hosted.service.seen.all.isEmpty)
        }
    }

    @Test func gateOpensWhenTheLastCheckHasPassedAndNamesTheOneItWaitsFor() async throws {
        let passed = [Flag(), Flag()]
        let checks = passed.enumerated().map { index, flag in
            StartCheck(name: "check-\(index)") {
                guard flag.isRaised else { throw PostgresError(.connection, "away") }
            }
        }
        let gate = StartGate(checks, logger: .test)
        let health = HealthMonitor(gate.readinessChecks, service: "t", validity: .zero)
        let opening = Task { try await gate.open(pause: .milliseconds(1)) }
        for (index, flag) in passed.enumerated() {
            try await eventually("check \(index) is waited for") {
                await health.report().checks.first?.error?.hasPrefix("waits for check-\(index): ") == true
            }
            #expect(!gate.isOpen)
            flag.raise()
        }
        try await opening.value
        #expect(gate.isOpen)
        #expect(await health.isReady())
    }

    @Test func withoutChecksTheGateIsOpenAndNoPartOfTheReadiness() {
        let gate = StartGate([], logger: .test)
        #expect(gate.isOpen)
        #expect(gate.readinessChecks.isEmpty)
    }

    // MARK: Support

    /// That a database is away is said each time, and here it is always away.
    private static let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }

    /// Makes what the start check does from the service's pool.
    private typealias Check = @Sendable (PostgresPool) -> @Sendable () async throws -> Void

    private struct NotListening: Error {}

    /// Where a host listens; nil until it does.
    private final class Port: Sendable {
        let number = Mutex<Int?>(nil)
    }

    /// A host that does not run yet, alone in its group.
    private struct Hosted: Sendable {
        let host: ServiceHost
        let group: ServiceGroup
        let service: EchoService
        let context: JetStreamContext
        let port: Port
        let token: String

        func untilAlive() async throws {
            try await eventually("it is alive", within: .seconds(30)) { try await get("/health/live").status == 200 }
        }

        /// An event that the service's consumer takes.
        func publish() async throws {
            let type = "\(service.stream).said"
            let event = try OutboxEvent(
                type: type, aggregateType: "echo", aggregateID: "a-1", source: "/test", data: ["text": "hello"])
            _ = try await context.publish(JetStreamMessage(subject: type, payload: event.json))
        }

        struct Answer {
            let status: UInt
            let type: String?
            let retryAfter: String?
            let body: String
        }

        func get(_ path: String) async throws -> Answer { try await get(path, token: token) }
        func get(_ path: String, token: String?) async throws -> Answer { try await send(path, token) }
        func post(_ path: String) async throws -> Answer { try await send(path, token) { $0.method = .POST } }

        private func send(
            _ path: String, _ token: String?, _ change: (inout HTTPClientRequest) -> Void = { _ in }
        ) async throws -> Answer {
            guard let port = port.number.withLock({ $0 }) else { throw NotListening() }
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
            if let token { request.headers.add(name: "Authorization", value: token) }
            change(&request)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            let body = try await response.body.collect(upTo: 1 << 20)
            return Answer(
                status: response.status.code, type: response.headers.first(name: "content-type"),
                retryAfter: response.headers.first(name: "retry-after"),
                body: String(decoding: body.readableBytesView, as: UTF8.self))
        }
    }

    private static func withHost(
        _ pool: PostgresPool, _ check: Check, _ body: (Hosted) async throws -> Void
    ) async throws {
        let connection = try await NATSConnection.connect(
            NATSConfiguration(servers: [try await TestServers.nats().url]), logger: .test)
        let stream = UniqueName.next("gate")
        let context = JetStreamContext(connection)
        try await context.createStream(StreamConfiguration(name: stream, subjects: ["\(stream).>"]))
        try await context.createConsumer(stream: stream, ConsumerConfiguration(durableName: "echo"))
        let environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: stream, hint: Wakeup()), jobs: JobQueue(), logger: quiet)
        let service = EchoService(
            environment: environment, stream: stream, startChecks: [StartCheck(name: "test", run: check(pool))])
        let port = Port()
        let host = ServiceHost(
            service, environment: environment, connection: connection,
            authenticator: try await TestService.authenticator(), telemetry: Telemetry(),
            options: HostOptions(port: 0, migrations: SchemaCatalog.outbox) { bound in
                port.number.withLock { $0 = bound }
            })
        let hosted = Hosted(
            host: host, group: ServiceGroup(services: [host], logger: .test), service: service, context: context,
            port: port, token: try await TestService.bearer())
        do {
            try await body(hosted)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}
