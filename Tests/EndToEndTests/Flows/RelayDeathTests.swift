import Composition
import Foundation
import JetStream
import LocalServers
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Outbox

extension EndToEnd {
    /// `artesanos relay` killed with -9 by its own fault points, and started again.
    @Suite struct RelayDeathTests {
        /// Steps and how often each is passed before the relay dies there.
        private static let deaths: [(step: RelayStep, passing: Int)] =
            RelayStep.allCases.map { ($0, 1) }
            + [RelayStep.cursorSaved, .rowsRead, .handedOver, .acknowledged].flatMap { step in
                [2, 3, 5].map { (step, $0) }
            }

        @Test func theStreamIsTheLedgerThoughTheRelayDiedAtEachOfItsSteps() async throws {
            let service = ServiceName.orders
            let database = try await TestDatabase.make(service.migrations)
            let pool = database.pool(size: 1)
            let nats = try await LocalNATS.start()
            let connection = try await NATSConnection.connect(.patient([nats.url]), logger: .test)
            let admin = StreamsAdmin(connection, logger: .test)
            try await admin.apply(try await admin.plan(try StreamsFile.embedded()))
            let environment = [
                "ORDERS_DATABASE_URL": database.url, "NATS_URL": nats.url, "RELAY_BATCH": "3", "LOG_LEVEL": "error",
            ]
            let command = ["relay", "--service", service.rawValue, "--port", "0"]

            for (step, passing) in Self.deaths {
                // A hole, and an event that the server takes for too large, so that every step comes each time.
                try await pool.query(Self.append, 5, 16)
                try await pool.query("select nextval('outbox_position_seq')")
                try await pool.query(Self.append, 2, 16)
                try await pool.query(Self.append, 1, 2_000_000)
                try await pool.query(Self.append, 12, 16)
                let point = "\(step.faultPlace):\(passing)"
                let dying = try CommandProcess(
                    command, environment: environment.merging([FaultPoint.key: point]) { $1 })
                #expect(try await dying.exitCode() == 128 + SIGKILL, "\(point): \(dying.output)")
            }

            let last = try CommandProcess(command, environment: environment)
            let broker = JetStreamBroker(connection)
            try await eventually("the last relay has copied what was left", within: .seconds(60)) {
                let end = try await pool.query("select max(position) from outbox").first?.get(0, as: Int64.self)
                return try await broker.tail(of: service.stream).position == end
            }
            try await last.stop()

            let ledger = try await pool.query(
                "select position from outbox where length(event::text) < 1000000 order by position")
            let context = JetStreamContext(connection, timeout: .seconds(60))
            var stream: [Int64] = []
            for sequence in 1...(try await context.streamInfo(service.stream).state.lastSequence) {
                let message = try await context.message(stream: service.stream, sequence: sequence)
                stream.append(try #require(message?.headers[JetStreamBroker.positionHeader].flatMap(Int64.init)))
            }
            #expect(stream == (try ledger.map { try $0.get(0, as: Int64.self) }))
            let dead = try await pool.query("select count(*) from dead_letter where consumer = 'relay'").first
            #expect(try dead?.get(0, as: Int64.self) == Int64(Self.deaths.count))

            await connection.close()
            await nats.stop()
            await pool.close()
        }

        private static let append: Statement = """
            insert into outbox (event_id, aggregate_type, aggregate_id, subject, event)
            select gen_random_uuid(), 'order', n::text, 'order.created.v1',
                   json_build_object('data', repeat('x', $2::int))
            from generate_series(1, $1::int) n
            """
    }
}
