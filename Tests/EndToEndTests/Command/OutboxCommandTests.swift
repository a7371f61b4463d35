import Composition
import Foundation
import JetStream
import Outbox
import Postgres
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// `artesanos outbox verify`, `repair` and `replay` on a whole marketplace.
    @Suite struct OutboxCommandTests {
        private func run(_ arguments: [String], _ market: Marketplace) async throws -> (code: Int32, output: String) {
            let process = try CommandProcess(["outbox"] + arguments, environment: market.environment)
            let code = try await process.exitCode()
            return (code, process.output)
        }

        @Test func whatAStreamLacksIsFoundMendedAndThenAgreed() async throws {
            try await Marketplace.run { market in
                try await market.settled(try await market.place("OLI-TABLA-45").orderId)
                // A position that is given out and never used: the relay passes it.
                let orders = try market.pool(.orders)
                let hole = try #require(
                    try await orders.query("select nextval('outbox_position_seq')").first?.get(0, as: Int64.self))
                try await market.settled(try await market.place("ESP-CAPACHO-32").orderId)
                try await market.expectClean()
                let clean = try await run(["verify"], market)
                #expect(clean.code == 0, "\(clean.output)")

                // A row that the stream lacks, and one that it has otherwise.
                try await orders.query(
                    """
                    insert into outbox (position, event_id, aggregate_type, aggregate_id, subject, event)
                    select $1::bigint, event_id, aggregate_type, aggregate_id, subject, event
                    from outbox where position = 1
                    """, hole)
                try await orders.query(
                    "update outbox set event = (event::jsonb || '{\"extra\": 1}')::json where position = 2")
                let found = try await run(["verify", "--service", "orders"], market)
                #expect(found.code == 1)
                #expect(found.output.contains("orders: missing: position \(hole): the stream goes on without it"))
                #expect(found.output.contains("orders: changed: position 2 "), "\(found.output)")
                let range = try await run(["verify", "--service", "orders", "--from", "\(hole + 1)"], market)
                #expect(range.code == 0, "\(range.output)")

                let before = try await market.count("select count(*) from outbox", in: .orders)
                let rehearsal = try await run(["repair", "--service", "orders", "--dry-run"], market)
                #expect(rehearsal.output.contains("2 events would be appended"), "\(rehearsal.output)")
                #expect(try await market.count("select count(*) from outbox", in: .orders) == before)
                let repair = try await run(["repair", "--service", "orders"], market)
                #expect(repair.code == 0, "\(repair.output)")
                #expect(try await market.count("select count(*) from outbox", in: .orders) == before + 2)
                let again = try await run(["repair", "--service", "orders"], market)
                #expect(again.output.contains("orders: nothing to mend"), "\(again.output)")
                try await market.expectClean()
                let mended = try await run(["verify", "--json"], market)
                #expect(mended.code == 0, "\(mended.output)")
                #expect(mended.output.contains("\"differences\" : ["))
            }
        }

        @Test func aMessageOfSomebodyElseIsFoundAndCannotBeMended() async throws {
            try await Marketplace.run { market in
                try await market.settled(try await market.place("OLI-TABLA-45").orderId)
                try await market.expectClean()
                try market.broker.publish("order.created.v1", payload: Array("{}".utf8))
                try await eventually("it is found") { try await run(["verify"], market).code == 1 }
                let repair = try await run(["repair", "--service", "orders"], market)
                #expect(repair.code == 1)
                #expect(repair.output.contains("1 cannot be mended"), "\(repair.output)")
                #expect(repair.output.contains("foreign: message"), "\(repair.output)")
            }
        }

        @Test func eventsAreReplayedForEveryoneAndAppliedByNobodyTwice() async throws {
            try await Marketplace.run { market in
                let order = try await market.place("OLI-TABLA-45").orderId
                try await market.settled(order)
                let id = order.uuidString.lowercased()
                let events = try await market.count(
                    "select count(*) from outbox where aggregate_id = $1::text", id, in: .orders)
                #expect(events > 0)
                let rehearsal = try await run(
                    ["replay", "--service", "orders", "--aggregate", id, "--dry-run"], market)
                #expect(rehearsal.code == 0 && rehearsal.output.contains("order.created.v1"), "\(rehearsal.output)")
                let replay = try await run(["replay", "--service", "orders", "--aggregate", id], market)
                #expect(replay.code == 0 && replay.output.contains("\(events) events appended"), "\(replay.output)")
                #expect(
                    try await market.count(
                        "select count(*) from outbox where aggregate_id = $1::text", id, in: .orders) == 2 * events)
                // Stock and money are as before: nothing was reserved or charged a second time.
                try await market.expectClean()

                let event = try #require(
                    try await market.texts("select event_id::text from outbox order by position", in: .orders).first)
                #expect(try await run(["replay", "--service", "orders", "--event", event], market).code == 0)
                #expect(try await run(["replay", "--service", "orders", "--from", "1", "--to", "2"], market).code == 0)
                try await market.expectClean()
                let missing = try await run(["replay", "--service", "orders", "--event", "\(UUID())"], market)
                #expect(missing.code == 1 && missing.output.contains("no such event"), "\(missing.output)")
                let tooMany = try await run(
                    ["replay", "--service", "orders", "--aggregate", id, "--limit", "1"], market)
                #expect(tooMany.code == 1 && tooMany.output.contains("more than 1 events"), "\(tooMany.output)")
                for wrong in [[], ["--event", "x"], ["--from", "3"], ["--from", "3", "--to", "2"]] {
                    #expect(try await run(["replay", "--service", "orders"] + wrong, market).code == 2)
                }
            }
        }
    }
}
