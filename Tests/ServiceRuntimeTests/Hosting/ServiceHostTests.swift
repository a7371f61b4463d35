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

/// A whole host on a real Postgres and a real nats-server.
@Suite struct ServiceHostTests {
    /// A service that runs, and what a test needs of it.
    private struct Running {
        let service: EchoService
        let group: ServiceGroup
        let port: Int
        let pool: PostgresPool
        let context: JetStreamContext
        let stream: String
        let token: String

        func get(_ path: String, token: String? = nil, method: HTTPMethodName = .get) async throws -> (
            status: UInt, body: String, type: String
        ) {
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
            request.method = method == .get ? .GET : .POST
            if let token { request.headers.add(name: "Authorization", value: token) }
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
            let body = try await response.body.collect(upTo: 1 << 20)
            return (
                response.status.code, String(decoding: body.readableBytesView, as: UTF8.self),
                response.headers.first(name: "content-type") ?? ""
            )
        }
    }

    private enum HTTPMethodName { case get, post }

    private func withHost(
        migrations: [Migration] = SchemaCatalog.outbox, _ body: @escaping @Sendable (Running) async throws -> Void
    ) async throws {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let nats = try await TestServers.nats()
        let connection = try await NATSConnection.connect(NATSConfiguration(servers: [nats.url]), logger: .test)
        let stream = UniqueName.next("echo")
        let context = JetStreamContext(connection)
        try await context.createStream(StreamConfiguration(name: stream, subjects: ["\(stream).>"]))
        try await context.createConsumer(stream: stream, ConsumerConfiguration(durableName: "echo"))
        let pool = database.pool()
        let environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: stream, hint: NATSWakeup(connection, stream: stream)),
            jobs: JobQueue(), logger: .test)
        let service = EchoService(environment: environment, stream: stream)
        let (ports, serving) = AsyncStream<Int>.makeStream()
        let host = ServiceHost(
            service, environment: environment, connection: connection,
            authenticator: try await TestService.authenticator(), telemetry: Telemetry(),
            options: HostOptions(port: 0, migrations: migrations) { serving.yield($0) })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [NATSConnectionService(connection, logger: .test), host], logger: .test))
        let token = try await TestService.bearer()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            let running = Running(
                service: service, group: group, port: port, pool: pool, context: context, stream: stream, token: token)
            do {
                try await body(running)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func probesMetricsAndDocumentAreServedWithoutAToken() async throws {
        try await withHost { running in
            let live = try await running.get("/health/live")
            #expect(live.status == 200)
            #expect(live.body == #"{"status":"live"}"#)
            let ready = try await running.get("/health/ready")
            #expect(ready.status == 200, "\(ready.body)")
            let report = try JSONDecoder().decode(HealthReport.self, from: Data(ready.body.utf8))
            #expect(report.checks.map(\.name) == ["postgres", "nats", "migrations"])
            for path in ["/metrics", "/orders/metrics"] {
                let metrics = try await running.get(path)
                #expect(metrics.status == 200)
                #expect(metrics.type == "text/plain; version=0.0.4; charset=utf-8")
                #expect(metrics.body.contains("# TYPE "))
            }
            let document = try await running.get("/openapi.yaml")
            #expect(document.body == "openapi: 3.1.0\n")
            #expect(try await running.get("/open").body == "open")
            #expect(try await running.get("/orders/7").status == 401)
            #expect(try await running.get("/orders/7", token: running.token).body == "7")
        }
    }

    @Test func missingMigrationMakesItNotReadyAndIsNamed() async throws {
        let future =
            SchemaCatalog.outbox + [
                Migration(line: "outbox", version: 9_999, name: "future", up: Array("select 1".utf8), down: [])
            ]
        try await withHost(migrations: future) { running in
            let ready = try await running.get("/health/ready")
            #expect(ready.status == 503)
            #expect(ready.body.contains("outbox/9999 future"))
            #expect(try await running.get("/health/live").status == 200)
        }
    }

    @Test func eventsAreConsumedUnderTheirLogContextAndJobsRun() async throws {
        try await withHost { running in
            let event = try OutboxEvent(
                type: "\(running.stream).said", aggregateType: "echo", aggregateID: "a-1", source: "/test",
                data: ["text": "hello"])
            _ = try await running.context.publish(
                JetStreamMessage(subject: "\(running.stream).said", payload: event.json))
            #expect(try await running.get("/jobs", token: running.token, method: .post).status == 202)
            try await eventually("the event and the job are done") { running.service.seen.all.count == 2 }
            #expect(Set(running.service.seen.all) == ["event a-1 echo true", "job"])
            let upkeep: Statement = "select count(*) from scheduled_job where kind = 'outbox.upkeep'"
            try await eventually("the recurring upkeep is scheduled") {
                try await running.pool.query(upkeep.bind()).first?.get(0, as: Int64.self) == 1
            }
        }
    }

    @Test func gracefulStopAnswersWhatIsBeingAnsweredAndThenClosesThePool() async throws {
        let finished = Mutex<PostgresPool?>(nil)
        let seen = Mutex<[String]>([])
        try await withHost { running in
            finished.withLock { $0 = running.pool }
            async let slow = running.get("/slow", token: running.token)
            await running.service.seen.entered.wait(upTo: .seconds(10))
            await running.group.triggerGracefulShutdown()
            // The listener is gone while the request is still being answered.
            try await eventually("new connections are refused") {
                do {
                    _ = try await HTTPClient.shared.execute(
                        HTTPClientRequest(url: "http://127.0.0.1:\(running.port)/health/live"), timeout: .seconds(1))
                    return false
                } catch {
                    return true
                }
            }
            _ = try await running.pool.query(HealthSQL.ping.bind())
            running.service.seen.mayLeave.notify()
            let answer = try await slow
            #expect(answer.status == 200)
            #expect(answer.body == "slow")
            seen.withLock { $0 = running.service.seen.all }
        }
        #expect(seen.withLock { $0 } == ["answered"])
        let pool = try #require(finished.withLock { $0 })
        await #expect(throws: PostgresError.self) { try await pool.query(HealthSQL.ping.bind()) }
    }

    @Test func portThatIsTakenEndsTheHostWithAnError() async throws {
        try await withHost { running in
            let database = try await TestDatabase.make(SchemaCatalog.outbox)
            let connection = running.context.connection
            let environment = ServiceEnvironment(
                pool: database.pool(), outbox: running.service.environment.outbox, jobs: JobQueue(), logger: .test)
            let second = ServiceHost(
                EchoService(environment: environment, stream: running.stream), environment: environment,
                connection: connection, authenticator: try await TestService.authenticator(), telemetry: Telemetry(),
                options: HostOptions(port: running.port, migrations: SchemaCatalog.outbox))
            await #expect(throws: (any Error).self) { try await second.run() }
            await #expect(throws: PostgresError.self) { try await environment.pool.query(HealthSQL.ping.bind()) }
        }
    }
}
