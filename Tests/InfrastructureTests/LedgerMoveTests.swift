import Foundation
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

/// The SQL of docs/postgres.md for an outbox that is there already, as it stands there.
@Suite struct LedgerMoveTests {
    private func steps() throws -> [String] {
        let page = try RepositoryFile.text("docs/postgres.md")
        let section = try #require(
            page.components(separatedBy: "\n## Moving an existing outbox into the ledger\n").last)
        return section.components(separatedBy: "```sql\n").dropFirst().compactMap {
            $0.components(separatedBy: "\n```").first
        }
    }

    @Test func anExistingTableBecomesTheOldestPartitionAndIsDroppedInTheEnd() async throws {
        let steps = try steps()
        try #require(steps.count == 3)
        let pool = try await TestDatabase.make().pool(size: 2)
        try await pool.withConnection { connection in
            try await connection.runScript(
                """
                create table outbox (
                    position bigserial primary key, event_id uuid not null, aggregate_type text not null,
                    aggregate_id text not null, subject text not null, event json not null, traceparent text,
                    occurred_at timestamptz not null default now());
                insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, occurred_at)
                select gen_random_uuid(), 'order', n::text, 'order.created.v1', '{}', now() - interval '20 days'
                from generate_series(1, 500) as n;
                alter sequence outbox_position_seq rename to outbox_old_position_seq;
                """)
            // `create index concurrently` runs outside of a transaction, so each statement goes by itself.
            for statement in steps[0].components(separatedBy: ";\n") where statement.hasPrefix("create index") {
                try await connection.runScript(statement)
            }
            let rest = steps[0].components(separatedBy: "create index")[0]
            try await connection.runScript(rest)
            try await connection.runScript(steps[1])
            try await Migrator(SchemaCatalog.outbox).up(connection)
            try await connection.runScript(steps[2])
        }
        func text(_ statement: Statement) async throws -> String? {
            try await pool.query(statement.bind()).first?.get(0)
        }
        let bounds: Statement = """
            select string_agg(name || ':' || coalesce(lower_position, -1) || '-' || upper_position, ' ') from outbox_partition
            """
        #expect(
            try await text(bounds)
                == "outbox_old:-1-2000000 outbox_p000000002:2000000-3000000 outbox_p000000003:3000000-4000000 "
                + "outbox_p000000004:4000000-5000000 outbox_p000000005:5000000-6000000")
        // No index had to be made for it, and none is missing.
        let indexes: Statement = """
            select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = 'outbox_old'
            """
        #expect(try await text(indexes) == "outbox_old_aggregate outbox_old_pkey")

        let writer = OutboxWriter(stream: "orders", hint: Wakeup())
        let event = try OutboxEvent(
            type: "order.created.v1", aggregateType: "order", aggregateID: "a", source: "/test", data: ["number": 1])
        try await pool.withTransaction { writer.append([event], in: $0) }
        #expect(try await text("select max(position)::text from outbox") == "501")

        // It is dropped like any other: not before the cursor has passed all of it.
        try await pool.query("insert into outbox_cursor values ('orders', 501, 501)")
        #expect(try await text("select coalesce(outbox_drop_partition('0'), 'none')") == "none")
        try await pool.query("select setval('outbox_position_seq', 2000000)")
        try await pool.query("update outbox_cursor set position = 2000000")
        #expect(try await text("select coalesce(outbox_drop_partition('14 days'), 'none')") == "none")
        try await pool.query("update outbox set occurred_at = now() - interval '15 days'")
        #expect(try await text("select outbox_drop_partition('14 days')") == "outbox_old")
        #expect(try await text("select outbox_first_position()::text") == "2000000")
    }
}
