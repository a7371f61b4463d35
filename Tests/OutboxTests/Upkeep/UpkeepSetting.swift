import Foundation
import Logging
import Outbox
import Postgres
import Schema
import TestSupport

/// A database whose ledger has small partitions.
struct UpkeepSetting {
    let database: TestDatabase
    let pool: PostgresPool

    /// - Parameter size: positions a partition; nil leaves the ledger as it was migrated.
    init(size: Int64? = nil, ahead: Int32 = 4, poolSize: Int = 12) async throws {
        database = try await TestDatabase.make(SchemaCatalog.outbox)
        pool = database.pool(size: poolSize)
        guard let size else { return }
        try await Self.makePartitions(ahead, size: size, on: pool)
    }

    /// Partitions of this size instead of those that were migrated.
    static func makePartitions(_ ahead: Int32, size: Int64, on pool: PostgresPool) async throws {
        let names = try await pool.query("select name from outbox_partition").map { try $0.get(0, as: String.self) }
        try await pool.withConnection { connection in
            for name in names { try await connection.runScript("drop table \(name)") }
        }
        try await pool.query(Statement("select outbox_create_partitions($1::int, $2::bigint)").bind(ahead, size))
    }

    func create(_ ahead: Int32, size: Int64) async throws {
        try await pool.query(Statement("select outbox_create_partitions($1::int, $2::bigint)").bind(ahead, size))
    }

    var writer: OutboxWriter { OutboxWriter(stream: "orders", hint: Wakeup()) }

    func append(_ count: Int, aggregate: String = "a") async throws {
        for number in 0..<count {
            let event = try OutboxEvent(
                type: "order.created.v1", aggregateType: "order", aggregateID: aggregate, source: "/test",
                data: ["number": number])
            try await pool.withTransaction { writer.append([event], in: $0) }
        }
    }

    func moveCursor(of stream: String = "orders", to position: Int64) async throws {
        let move: Statement = """
            insert into outbox_cursor (stream, position, stream_sequence) values ($1::text, $2::bigint, $2::bigint)
            on conflict (stream) do update set position = excluded.position
            """
        try await pool.query(move.bind(stream, position))
    }

    /// All rows were written so long ago.
    func age(_ interval: String) async throws {
        try await pool.query(Statement("update outbox set occurred_at = now() - $1::interval").bind(interval))
    }

    func job(retention: Duration = .days(14), inboxRetention: Duration = .days(35)) -> UpkeepJob {
        UpkeepJob(
            pool: pool, outboxRetention: retention, inboxRetention: inboxRetention, interval: .milliseconds(1),
            logger: .quiet)
    }

    func run(_ job: UpkeepJob) async throws {
        _ = try await pool.withTransaction { try await job.run([], in: $0) }
    }

    /// The bounds of the ledger's partitions, oldest first.
    func bounds() async throws -> [[Int64?]] {
        try await pool.query("select lower_position, upper_position from outbox_partition").map { row in
            [try row.get(0, as: Int64?.self), try row.get(1, as: Int64?.self)]
        }
    }

    func number(_ statement: Statement) async throws -> Int64 {
        try await pool.query(statement.bind()).first?.get(0) ?? -1
    }
}
