import LocalServers
import Outbox
import Postgres
import Schema
import TestSupport

/// Two Postgres servers, the second a standby of the first, and a database that clients find wherever it takes writes.
struct ReplicatedPair {
    let primary: LocalPostgres
    let standby: LocalPostgres
    let database: TestDatabase

    static func make(isSynchronous: Bool) async throws -> ReplicatedPair {
        let primary = try await LocalPostgres.start()
        let database = try await TestDatabase.make(SchemaCatalog.outbox, on: primary)
        let standby = try await primary.startStandby()
        if isSynchronous {
            try await primary.execute("alter system set synchronous_standby_names = 'standby'")
            try await primary.execute("select pg_reload_conf()")
            try await eventually("the standby is synchronous", within: .seconds(30)) {
                try await primary.execute("select sync_state from pg_stat_replication") == "sync"
            }
        }
        let hosts = "127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)"
        return ReplicatedPair(
            primary: primary, standby: standby,
            database: TestDatabase(
                name: database.name,
                url: "postgresql://postgres@\(hosts)/\(database.name)?target_session_attrs=read-write"))
    }

    /// Waits until the standby has all that the primary has.
    func untilReplicated(_ setting: RelaySetting) async throws {
        let end = try await primary.execute("select pg_current_wal_flush_lsn()")
        try await eventually("the standby is up to date", within: .seconds(30)) {
            try await standby.execute("select pg_last_wal_replay_lsn() >= '\(end)'") == "t"
        }
    }

    func stop() async {
        await primary.stop()
        await standby.stop()
    }
}
