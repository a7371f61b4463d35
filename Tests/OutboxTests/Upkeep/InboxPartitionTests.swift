import CoreMetrics
import Foundation
@testable import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@Suite("Upkeep: the inbox's partitions")
struct InboxPartitionTests {
    private func process(_ id: String, ago: String = "0", _ setting: UpkeepSetting) async throws {
        let insert: Statement = """
            insert into inbox (consumer, event_id, processed_at) values ('c', $1::uuid, now() - $2::interval)
            """
        try await setting.pool.query(insert.bind(id, ago))
    }

    private func floor(_ day: String, _ setting: UpkeepSetting) async throws -> String {
        try await setting.pool.query(
            Statement("select uuid_v7_floor(date_trunc('day', now(), 'UTC') + $1::interval)::text").bind(day)
        ).first?.get(0) ?? ""
    }

    @Test("what came before its day's partition was there is moved into it, and stays known")
    func movesFromDefault() async throws {
        let setting = try await UpkeepSetting()
        let id = try await floor("9 days", setting)
        try await process(id, setting)
        #expect(try await setting.number("select count(*) from inbox_default") == 1)
        try await setting.pool.query("select inbox_create_partitions(9)")
        #expect(try await setting.number("select count(*) from inbox_default") == 0)
        #expect(try await setting.number("select count(*) from inbox") == 1)
        await #expect(throws: PostgresError.self) { try await process(id, setting) }
    }

    @Test("whoever uses the default partition holds up the making, not the other way round")
    func makingGivesWay() async throws {
        let setting = try await UpkeepSetting()
        try await setting.pool.withTransaction { reader in
            try await reader.query("select count(*) from inbox")
            try await setting.pool.query("select inbox_create_partitions(9)")
            #expect(try await setting.number("select count(*) from inbox_partition where is_ahead") == 7)
            try await process(UUID.v7().lowercased, setting)
        }
        try await setting.pool.query("select inbox_create_partitions(9)")
        #expect(try await setting.number("select count(*) from inbox_partition where is_ahead") == 9)
    }

    @Test("a day is dropped once all of it is older than the retention, whatever the session's time zone")
    func dropsDays() async throws {
        let setting = try await UpkeepSetting()
        // Twelve days ago and eleven days ago, as those days would have made them.
        for days in [12, 11] {
            try await setting.pool.withConnection { connection in
                try await connection.runScript(
                    """
                    do $$ declare d timestamptz := date_trunc('day', now(), 'UTC') - interval '\(days) days'; begin
                    execute format('create table %I partition of inbox for values from (%L) to (%L)',
                        'inbox_' || to_char(d at time zone 'UTC', 'YYYYMMDD'),
                        uuid_v7_floor(d), uuid_v7_floor(d + interval '1 day'));
                    end $$
                    """)
            }
        }
        // So much of today is over that the end of the older day is just past, and the other one's is not.
        let drop: Statement = """
            select inbox_drop_partition(interval '11 days' + (now() - date_trunc('day', now(), 'UTC')))
            """
        for zone in ["Pacific/Kiritimati", "America/Los_Angeles"] {
            try await setting.pool.withTransaction { transaction in
                try await transaction.query(Statement("select set_config('timezone', $1::text, true)").bind(zone))
                let first = try await transaction.query(drop.bind()).first?.get(0, as: String?.self) ?? nil
                let second = try await transaction.query(drop.bind()).first?.get(0, as: String?.self) ?? nil
                #expect((first != nil) == (zone == "Pacific/Kiritimati"))
                #expect(second == nil)
            }
        }
        #expect(try await setting.number("select count(*) from inbox_partition where not is_ahead") == 2)
    }

    @Test("what lies in the default partition is forgotten by when it was processed")
    func purgesDefault() async throws {
        let setting = try await UpkeepSetting()
        try await process("00000000-0000-4000-8000-000000000001", ago: "36 days", setting)
        try await process("00000000-0000-4000-8000-000000000002", ago: "34 days", setting)
        try await setting.run(setting.job())
        #expect(try await setting.number("select count(*) from inbox_default") == 1)
    }

    @Test("the gauges tell what is ahead, what is overdue and how far back the ledger goes")
    func gauges() async throws {
        let setting = try await UpkeepSetting(size: 10)
        try await setting.append(15)
        try await setting.age("20 days")
        try await setting.moveCursor(to: 15)
        let metrics = PrometheusRegistry()
        try await withMetricsFactory(metrics) {
            let gauges = UpkeepGauges(service: "orders", pool: setting.pool, logger: .quiet)
            try await gauges.measure()
        }
        let text = await metrics.exposition()
        #expect(text.contains("outbox_partitions_ahead{service=\"orders\"} 3\n"))
        #expect(text.contains("inbox_partitions_ahead{service=\"orders\"} 7\n"))
        #expect(text.contains("outbox_partitions_overdue{service=\"orders\"} 1\n"))
        let line = text.split(separator: "\n").first { $0.hasPrefix("outbox_ledger_age_seconds{") }
        let age = try #require(line?.split(separator: " ").last.flatMap { Double($0) })
        #expect(age >= 20 * 86_400 && age < 20 * 86_400 + 600)
    }
}
