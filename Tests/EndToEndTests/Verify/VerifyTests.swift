import Composition
import Foundation
import JetStream
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// `artesanos verify` on a whole marketplace.
    @Suite struct VerifyTests {
        @Test func aCleanSystemShowsNothingAndEachBrokenInvariantIsFound() async throws {
            #expect(Set(VerifyBreak.all.map(\.check)) == Set(SystemCheck.all.map(\.name)))
            try await Marketplace.run(hosting: []) { market in
                try await market.withServices(ServiceName.allCases, relaying: ServiceName.allCases) {
                    try await market.untilOrdersCanBePlaced()
                    let paid = try await market.place("OLI-TABLA-45")
                    let declined = try await market.place("ESP-CAPACHO-32", paymentMethod: "pm_card_chargeDeclined")
                    let open = try await market.place("CER-BAILEN-ORZA", paymentMethod: nil)
                    try await market.settled(paid.orderId)
                    try await market.settled(declined.orderId)
                    try await eventually("the third order waits for its customer", within: .seconds(30)) {
                        try await market.rows(of: open.orderId).sagaState == "PAYMENT_PENDING"
                    }
                    try await market.expectClean()
                }
                // From here on nothing changes by itself.
                let system = try market.systemView()
                for harm in VerifyBreak.all {
                    let pool = try market.pool(harm.service)
                    for statement in harm.harm {
                        #expect(try await pool.execute(statement) > 0, "\(harm.check): \(statement.sql)")
                    }
                    let report = try await Self.look(at: [harm.check], system)
                    #expect(report.violated.map(\.name) == [harm.check], "\(report.lines(.plain))")
                    let check = try #require(report.checks.first)
                    #expect(check.examples.isEmpty == false)
                    #expect(check.queries.isEmpty == false)
                    for query in check.queries { try await Self.expectItRuns(query, market) }
                    for statement in harm.repair { try await pool.query(statement) }
                }
                let report = try await Self.look(at: nil, system)
                #expect(report.isClean, "\(report.lines(.plain).joined(separator: "\n"))")
            }
        }

        @Test func aStreamThatLostItsTailOrHasAForeignMessageIsFound() async throws {
            try await Marketplace.run { market in
                try await market.settled(try await market.place("OLI-TABLA-45").orderId)
                try await market.expectClean()
                let system = try market.systemView()
                // Whoever else may publish, by mistake or not.
                try market.broker.publish("order.created.v1", payload: Array("{}".utf8))
                try await eventually("the foreign message is found") {
                    try await Self.look(at: ["stream-is-ledger"], system).violated.count == 1
                }
            }
        }

        @Test func aForeignMessageInTheVeryPlaceOfAnEventIsFound() async throws {
            try await Marketplace.run(hosting: []) { market in
                try await market.withServices(ServiceName.allCases, relaying: ServiceName.allCases) {
                    try await market.untilOrdersCanBePlaced()
                    try await market.settled(try await market.place("OLI-TABLA-45").orderId)
                    try await market.expectClean()
                }
                // As when somebody publishes while a relay's window is on its way: of two events the first is refused,
                // and the second accepted. Afterwards there are as many messages as rows.
                let orders = try market.pool(.orders)
                let rows = try await orders.query(
                    """
                    insert into outbox (event_id, aggregate_type, aggregate_id, subject, event)
                    select gen_random_uuid(), aggregate_type, aggregate_id, subject, event
                    from outbox order by position limit 2
                    returning position, subject, event::text
                    """
                ).decode(Int64.self, String.self, String.self)
                try #require(rows.count == 2)
                let (hidden, _, _) = rows[0]
                let (accepted, subject, event) = rows[1]
                let foreign = try await market.jetStream.publish(
                    JetStreamMessage(subject: subject, payload: Array("{}".utf8)))
                let last = try await market.jetStream.publish(
                    JetStreamMessage(
                        subject: subject, headers: [JetStreamBroker.positionHeader: "\(accepted)"],
                        payload: Array(event.utf8), id: "orders-\(accepted)"))
                try await orders.query(
                    "update outbox_cursor set position = $1::bigint, stream_sequence = $2::bigint", accepted,
                    Int64(last.sequence))
                let state = try await market.jetStream.streamInfo("orders").state
                #expect(try await market.count("select count(*) from outbox", in: .orders) == Int(state.messages))

                let report = try await Self.look(at: ["stream-is-ledger"], try market.systemView())
                #expect(
                    Set(report.checks.flatMap(\.examples).map(\.key)) == [
                        "orders missing position \(hidden)", "orders foreign message \(foreign.sequence)",
                    ], "\(report.lines(.plain))")
                #expect(report.violated.count == 1)
            }
        }

        @Test func ordersOfWhichEventsAreOnTheirWayAreCleanHoweverManyTheyAre() async throws {
            try await Marketplace.run(hosting: []) { market in
                // Inventory and payments are away.
                let orders = try market.pool(.orders)
                for statement in Self.manyConfirmedOrders { try await orders.query(statement) }
                let system = try market.systemView()
                let late = try await Self.look(at: ["money", "stock"], system)
                #expect(late.isClean, "\(late.lines(.plain))")
                // Of one order nothing is on its way any more.
                #expect(
                    try await orders.execute(
                        "delete from outbox where aggregate_id = (select max(id::text) from orders)") == 1)
                let wrong = try await Self.look(at: ["money", "stock"], system)
                #expect(wrong.violated.map(\.name) == ["money", "stock"])
                #expect(wrong.checks.allSatisfy { $0.violations == 1 && $0.examples.count == 1 })
            }
        }

        private static let manyConfirmedOrders: [Statement] = [
            """
            insert into orders (id, customer_id, status, currency, total_minor)
            select gen_random_uuid(), 'maria', 'CONFIRMED', 'EUR', 100 from generate_series(1, 1500)
            """,
            """
            insert into saga (id, order_id, definition_version, state, data, seq, total_deadline, settled_at)
            select gen_random_uuid(), id, 1, 'COMPLETED', '{}'::json, 0, now(), now() from orders
            """,
            """
            insert into outbox (event_id, aggregate_type, aggregate_id, subject, event)
            select gen_random_uuid(), 'order', id::text, 'order.confirmed.v1', '{}'::json from orders
            """,
        ]

        @Test func theCommandSaysByItsExitCodeHowItIs() async throws {
            try await Marketplace.run { market in
                try await market.settled(try await market.place("OLI-TABLA-45").orderId)
                let clean = try CommandProcess(["verify", "--settle", "30s"], environment: market.environment)
                #expect(try await clean.exitCode() == 0, "\(clean.output)")
                #expect(clean.output.contains("all \(SystemCheck.all.count) checks are clean"))

                try await market.pool(.inventory).query("update stock set on_hand = on_hand + 1")
                let broken = try CommandProcess(
                    ["verify", "--grace", "1s", "--examples", "2"], environment: market.environment)
                #expect(try await broken.exitCode() == 1, "\(broken.output)")
                #expect(broken.output.contains("stock-arithmetic: 8 violated"))
                #expect(broken.output.contains("… and 6 more"))
                #expect(broken.output.contains("inventory=> select * from stock_drift;"))
                let json = try CommandProcess(
                    ["verify", "--only", "stock-arithmetic", "--json", "--grace", "1s"], environment: market.environment
                )
                #expect(try await json.exitCode() == 1)
                #expect(json.output.contains("\"violations\" : 8"))

                var without = market.environment
                without["NATS_URL"] = "nats://127.0.0.1:9"
                let blind = try CommandProcess(["verify"], environment: without)
                #expect(try await blind.exitCode() == 2, "\(blind.output)")
                let wrong = try CommandProcess(["verify", "--only", "nonsense"], environment: market.environment)
                #expect(try await wrong.exitCode() == 2)
            }
        }

        /// - Parameter names: nil for all checks.
        private static func look(at names: [String]?, _ system: SystemView) async throws -> VerificationReport {
            try await Verification(
                system: system, checks: SystemCheck.all.filter { names?.contains($0.name) ?? true },
                grace: .milliseconds(100), pause: .milliseconds(20)
            ).run()
        }

        /// Operators paste it.
        private static func expectItRuns(_ query: CheckQuery, _ market: Marketplace) async throws {
            let connection = try await PostgresConnection.connect(
                PostgresConfiguration(
                    try #require(market.environment["\(query.database.rawValue.uppercased())_DATABASE_URL"])))
            try await connection.runScript(query.sql)
            await connection.close()
        }
    }
}

extension Terminal {
    static let plain = Terminal(hasColours: false)
}

extension Marketplace {
    func systemView() throws -> SystemView {
        SystemView(
            pools: databases, context: jetStream, consumers: try SystemView.consumers(databases, configuration))
    }

    /// Every invariant holds, once what is on its way has arrived.
    func expectClean(_ location: SourceLocation = #_sourceLocation) async throws {
        let system = try systemView()
        _ = try await Backlog.settle(system, within: .seconds(30))
        let report = try await Verification(system: system).run()
        #expect(report.isClean, "\(report.lines(.plain).joined(separator: "\n"))", sourceLocation: location)
    }
}
