import Foundation
import Outbox
import Postgres

/// Looks at stock, without locks.
enum StockReader {
    /// One product's shelf as it is now.
    struct Level: Sendable {
        let sku: String
        let artisanID: String
        let onHand: Int
        let reserved: Int
        let lowStockThreshold: Int
        let isLowStockAlerted: Bool
        let updatedAt: Date
    }

    /// One line of the ledger.
    struct Movement: Sendable {
        let id: Int64
        let sku: String
        let kind: LedgerEntry.Kind
        let deltaOnHand: Int
        let deltaReserved: Int
        let reason: String
        let actor: String
        let reference: String?
        let at: Date
    }

    /// What the gauges show.
    struct Levels: Sendable, Hashable {
        let activeReservations: Int
        /// Products in `stock_drift` at the last check; nil before the first.
        let driftingProducts: Int?
    }

    static func levels(on executor: any PostgresExecutor) async throws -> Levels {
        guard let row = try await executor.query(ReservationSQL.levels.bind()).first else {
            throw PostgresError(.protocolViolation, "the levels gave no row")
        }
        let (active, drifting) = try row.decode(Int.self, Int?.self)
        return Levels(activeReservations: active, driftingProducts: drifting)
    }

    static func level(_ sku: String, on executor: any PostgresExecutor) async throws -> Level? {
        guard let row = try await executor.query(LedgerSQL.stock.bind(sku)).first else { return nil }
        let (sku, artisan, onHand, reserved, threshold, alerted, updatedAt) = try row.decode(
            String.self, String.self, Int.self, Int.self, Int.self, Bool.self, Date.self)
        return Level(
            sku: sku, artisanID: artisan, onHand: onHand, reserved: reserved, lowStockThreshold: threshold,
            isLowStockAlerted: alerted, updatedAt: updatedAt)
    }

    /// Up to `limit` movements before the one with this id, newest first.
    static func movements(
        of sku: String, before id: Int64?, kind: LedgerEntry.Kind?, limit: Int, on executor: any PostgresExecutor
    ) async throws -> [Movement] {
        try await executor.query(LedgerSQL.page.bind(sku, id, kind, limit)).map { row in
            let (id, sku, kind, onHand, reserved, reason, actor, reference, at) = try row.decode(
                Int64.self, String.self, LedgerEntry.Kind.self, Int.self, Int.self, String.self, String.self,
                String?.self, Date.self)
            return Movement(
                id: id, sku: sku, kind: kind, deltaOnHand: onHand, deltaReserved: reserved, reason: reason,
                actor: actor, reference: reference, at: at)
        }
    }

    static func reservation(_ id: UUID, on executor: any PostgresExecutor) async throws -> Reservation? {
        try await executor.query(ReservationSQL.find.bind(id)).first.map { try Reservation($0) }
    }
}
