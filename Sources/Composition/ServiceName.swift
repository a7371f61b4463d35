public import Outbox
import Schema

/// The services, by the name that their stream, their database and their settings have too.
public enum ServiceName: String, CaseIterable, Sendable, Codable, Hashable {
    case orders, payments, inventory

    /// The stream that its ledger is copied to.
    public var stream: String { rawValue }

    /// The schema of its database.
    public var migrations: [Migration] {
        switch self {
        case .orders: SchemaCatalog.orders
        case .payments: SchemaCatalog.payments
        case .inventory: SchemaCatalog.inventory
        }
    }
}
