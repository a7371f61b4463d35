import Foundation
import Postgres
import Schema
import TestSupport
import Testing

@testable import Outbox

/// A stream's beginning goes: by age, which is as it should be, or by purging, which the relay makes good.
@Suite("Purged streams")
struct PurgeTests {
    private func harness() async throws -> RelayHarness {
        var harness = try await RelayHarness()
        harness.configure = { $0.streamPoll = .milliseconds(20) }
        return harness
    }

    @Test("a stream that is purged while its relay has nothing to do is filled again")
    func purgedWhileIdle() async throws {
        let harness = try await harness()
        try await harness.append(30)
        try await harness.withRelay {
            try await harness.streamEqualsLedger()
            harness.broker.purge(RelayHarness.stream)
            try await harness.streamEqualsLedger()
            try await harness.append(5)
            try await harness.streamEqualsLedger()
        }
        #expect(harness.broker.messages(in: RelayHarness.stream).first?.sequence == 31)
    }

    @Test("a stream that is purged while no relay works is filled again by the next one")
    func purgedWhileAway() async throws {
        let harness = try await harness()
        try await harness.append(12)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        harness.broker.purge(RelayHarness.stream)
        try await harness.append(3)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
    }

    @Test("of a stream that is purged in part, everything comes again behind what was left, once")
    func purgedInPart() async throws {
        let harness = try await harness()
        try await harness.append(20)
        let again = Array(16...20) + Array(1...25).map(Int64.init)
        try await harness.withRelay {
            try await harness.streamEqualsLedger()
            harness.broker.purge(RelayHarness.stream, count: 15)
            try await harness.append(5)
            try await eventually("all of the ledger stands behind what was left") {
                let positions = harness.streamPositions
                return positions.suffix(25) == Array(1...25) && positions.count >= again.count
            }
            try await eventually("the relay has looked at the stream since") {
                try await harness.pool.query("select first_sequence from outbox_cursor").first?.get(0, as: Int64.self)
                    == 16
            }
            try await harness.append(1)
            try await eventually("the next event comes behind it") { harness.streamPositions.last == 26 }
        }
        // A relay that begins later sees nothing amiss.
        let before = harness.streamPositions
        try await harness.withRelay {
            try await harness.append(1)
            try await eventually("the last event comes") { harness.streamPositions.last == 27 }
        }
        #expect(harness.streamPositions == before + [27])
    }

    @Test("an end that is lost while there is nothing to relay is copied again")
    func tailLostWhileIdle() async throws {
        let harness = try await harness()
        try await harness.append(10)
        try await harness.withRelay {
            try await harness.streamEqualsLedger()
            harness.broker.loseTail(of: RelayHarness.stream, count: 4, keepsDedupe: true)
            try await harness.streamEqualsLedger()
            harness.broker.recreate(RelayHarness.stream)
            try await harness.streamEqualsLedger()
        }
    }

    /// Rows made 10, 9 … 1 days ago, at positions 1 to 10.
    private func agedLedger() async throws -> (PostgresPool, LedgerReader, PostgresConnection) {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let pool = database.pool(size: 1)
        try await pool.query(
            """
            insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, occurred_at)
            select gen_random_uuid(), 'order', 'a', 'order.created.v1', json_build_object('number', n),
                   now() - (11 - n) * interval '1 day'
            from generate_series(1, 10) as n
            order by n
            """)
        let connection = try await PostgresConnection.connect(database.configuration())
        return (pool, LedgerReader(connection: connection, stream: "orders"), connection)
    }

    private func head(_ position: Int64?, _ retention: StreamHead.Retention, event: String? = nil) -> StreamHead {
        let event = event ?? position.map { "{\"number\" : \($0)}" }
        return StreamHead(sequence: 1, position: position, event: event.map { Array($0.utf8) }, retention: retention)
    }

    @Test("what aged out is not missed, what is younger is, from there on")
    func toldByAge() async throws {
        let (pool, reader, connection) = try await agedLedger()
        // Kept for a week: rows 5 to 10 cannot have aged out, row 4 is a week old at this moment.
        #expect(try await reader.refillStart(head(5, .age(.days(7))), relayed: 10) == nil)
        #expect(try await reader.refillStart(head(6, .age(.days(7))), relayed: 10) == 4)
        #expect(try await reader.refillStart(head(nil, .age(.days(7))), relayed: 10) == 4)
        #expect(try await reader.refillStart(head(nil, .age(.hours(12))), relayed: 10) == nil)
        #expect(try await reader.refillStart(head(2, .everything), relayed: 10) == 0)
        #expect(try await reader.refillStart(head(1, .everything), relayed: 10) == nil)
        // Other rules than age tell nothing.
        #expect(try await reader.refillStart(head(9, .other), relayed: 10) == nil)
        // Nor does a message of another ledger.
        #expect(try await reader.refillStart(head(9, .everything, event: "{}"), relayed: 10) == nil)
        // What was not relayed yet is not gone.
        #expect(try await reader.refillStart(head(nil, .age(.days(7))), relayed: 4) == nil)
        await connection.close()
        await pool.close()
    }

    @Test("what no stream takes is not missed")
    func refusedIsNotMissed() async throws {
        let (pool, reader, connection) = try await agedLedger()
        for position in Int64(1)...3 { try await reader.deadLetter(position: position, error: "too large") }
        #expect(try await reader.refillStart(head(4, .everything), relayed: 10) == nil)
        #expect(try await reader.refillStart(head(5, .everything), relayed: 10) == 0)
        await connection.close()
        await pool.close()
    }

    @Test("a position is found by time, wherever there are holes")
    func positionByTime() async throws {
        let (pool, _, connection) = try await agedLedger()
        try await pool.query("delete from outbox where position in (3, 4, 7)")
        func position(daysAgo days: Double) async throws -> Int64? {
            try await pool.query("select outbox_position_at(now() - $1::float8 * interval '1 day')", days)
                .first?.get(0)
        }
        #expect(try await position(daysAgo: 20) == 0)
        #expect(try await position(daysAgo: 9.5) == 2)
        #expect([3, 4, 5].contains(try await position(daysAgo: 7.5)))
        #expect(try await position(daysAgo: 1.5) == 10)
        #expect(try await position(daysAgo: 0.5) == 11)
        await connection.close()
        await pool.close()
    }
}

extension Duration {
    fileprivate static func hours(_ hours: Int) -> Duration { .seconds(hours * 3_600) }
}
