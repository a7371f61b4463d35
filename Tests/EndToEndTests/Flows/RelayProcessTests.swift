import Composition
import Foundation
import JetStream
import LocalServers
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// The relay as a process: several ledgers in one, a second process that stands by, and its end.
    @Suite struct RelayProcessTests {
        /// Appends one event to a service's ledger, and waits until its stream has it.
        private func relayOne(_ market: Marketplace, _ service: ServiceName, type: String) async throws {
            let before = try await market.jetStream.streamInfo(service.stream).state.lastSequence
            try await append(market, service, type: type)
            try await eventually("an event of \(service.rawValue) is relayed", within: .seconds(30)) {
                try await market.jetStream.streamInfo(service.stream).state.lastSequence == before + 1
            }
        }

        private func append(_ market: Marketplace, _ service: ServiceName, type: String) async throws {
            let event = try OutboxEvent(
                type: type, aggregateType: "test", aggregateID: "a", source: "/test", data: ["number": 1])
            let writer = OutboxWriter(stream: service.stream, hint: Wakeup())
            try await market.pool(service).withTransaction { writer.append([event], in: $0) }
        }

        /// How many sessions relays have in a service's database: two for the one that leads, one for each standby.
        private func sessions(_ market: Marketplace, _ service: ServiceName) async throws -> Int {
            try await market.count(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and application_name like 'artesanos-relay-%'
                """, in: service)
        }

        @Test func databaseOrStreamThatIsGoneHoldsUpNoOtherLedger() async throws {
            try await Marketplace.run(hosting: []) { market in
                try await market.pool(.payments).query("alter table outbox rename to outbox_away")
                try await market.jetStream.deleteStream("inventory")
                try await market.withServices([], relaying: ServiceName.allCases) {
                    for _ in 0..<3 { try await relayOne(market, .orders, type: "order.created.v1") }

                    // What was gone comes back, and is relayed without a restart.
                    try await market.pool(.payments).query("alter table outbox_away rename to outbox")
                    try await relayOne(market, .payments, type: "payment.pending.v1")
                    try await market.applyStreams()
                    try await market.untilRelayed()
                }
                try await market.expectStreamsAreLedgers()
            }
        }

        @Test func standbyLeadsAfterTheLeaderIsKilledAndStopsInOrder() async throws {
            try await Marketplace.run(hosting: []) { market in
                func relay() throws -> CommandProcess {
                    try CommandProcess(["relay", "--port", "0"], environment: market.environment)
                }
                let leader = try relay()
                try await eventually("it leads", within: .seconds(60)) { try await sessions(market, .orders) == 2 }
                let standby = try relay()
                try await eventually("it stands by", within: .seconds(60)) { try await sessions(market, .orders) == 3 }
                try await relayOne(market, .orders, type: "order.created.v1")
                try await leader.killHard()
                try await relayOne(market, .orders, type: "order.created.v1")
                try await relayOne(market, .inventory, type: "inventory.released.v1")
                try await append(market, .orders, type: "order.created.v1")
                try await standby.stop()

                // Also with a broker that is away, there is nothing to wait for.
                let last = try relay()
                try await eventually("it leads", within: .seconds(60)) { try await sessions(market, .orders) == 2 }
                market.nats.pause()
                try await append(market, .orders, type: "order.created.v1")
                try await last.stop()
                market.nats.resume()
                try await market.withServices([], relaying: ServiceName.allCases) { try await market.untilRelayed() }
                try await market.expectStreamsAreLedgers()
            }
        }
    }
}
