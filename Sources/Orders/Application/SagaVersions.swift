import Postgres
import ServiceRuntime

/// Whether this binary knows the definitions of all sagas that are under way.
enum SagaVersions {
    /// - Throws: ``StartRefused`` when it does not.
    static func check(on pool: PostgresPool) async throws {
        let rows: PostgresRows
        do {
            rows = try await pool.query(SagaSQL.versionsInFlight.bind())
        } catch let error as PostgresError where error.sqlState == PostgresSQLState.undefinedTable {
            // Not migrated yet: there are no sagas, and that is what the readiness tells.
            return
        }
        let unknown = try rows.map { try $0.decode(Int.self, Int.self) }
            .filter { !OrderSaga.supportedVersions.contains($0.0) }
        if let refusal = refusal(unknown.map { (version: $0.0, count: $0.1) }) { throw StartRefused(refusal) }
    }

    /// What an operator has to know; nil when no unsettled saga is of a version that this binary lacks.
    static func refusal(_ unknown: [(version: Int, count: Int)]) -> String? {
        guard !unknown.isEmpty else { return nil }
        let sagas = unknown.map { "\($0.count) of version \($0.version)" }.joined(separator: ", ")
        let known = OrderSaga.supportedVersions
        return "unsettled sagas need a definition that this release of orders does not have: \(sagas); it knows the "
            + "versions \(known.lowerBound) to \(known.upperBound). Start the release that began them, or a newer one; to go "
            + "back to this one, wait until they are settled: select count(*) from saga where settled_at is null and "
            + "definition_version > \(known.upperBound)"
    }
}
