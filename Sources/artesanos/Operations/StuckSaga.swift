import Foundation
import Postgres

/// A saga that nothing will wake, and why: a row of the view `saga_stuck`.
struct StuckSaga: Encodable {
    let orderId: UUID
    let sagaId: UUID
    let state: String
    let waitsFor: String?
    let deadline: Date?
    let unchangedSeconds: Double
    let why: [String]

    static func read(limit: Int, _ pool: PostgresPool) async throws -> [StuckSaga] {
        try await pool.query(OperationsSQL.stuckSagas, Int64(limit)).map { row in
            StuckSaga(
                orderId: try row.get(0), sagaId: try row.get(1), state: try row.get(2), waitsFor: try row.get(3),
                deadline: try row.get(4), unchangedSeconds: try row.get(5),
                why: why(
                    job: try row.get(6), error: try row.get(7), overdueSeconds: try row.get(8),
                    lateSeconds: try row.get(9)))
        }
    }

    static func why(
        job: String?, error: String?, overdueSeconds: Double?, lateSeconds: Double? = nil
    ) -> [String] {
        var why: [String] = []
        switch job {
        case nil: why.append("no job for its deadline")
        case "dead": why.append("the job of its deadline is dead: \(error ?? "no error was kept")")
        default:
            if let error { why.append("the job of its deadline fails: \(error)") }
            if let lateSeconds, lateSeconds > 60 {
                why.append("the job of its deadline runs \(Age.text(seconds: lateSeconds)) too late")
            }
        }
        if let overdueSeconds, overdueSeconds > 0 {
            why.append("its deadline passed \(Age.text(seconds: overdueSeconds)) ago")
        }
        return why
    }
}
