public import JetStream
public import Outbox
public import Postgres

extension ReadinessCheck {
    /// The database answers.
    public static func postgres(_ pool: PostgresPool) -> ReadinessCheck {
        ReadinessCheck(name: "postgres") { _ = try await pool.query(HealthSQL.ping.bind()) }
    }

    /// The broker is connected.
    public static func nats(_ connection: NATSConnection) -> ReadinessCheck {
        ReadinessCheck(name: "nats") {
            guard connection.isConnected else { throw NotReady("not connected") }
        }
    }

    /// The database's schema is the one that this binary knows.
    public static func migrations(_ migrations: [Migration], pool: PostgresPool) -> ReadinessCheck {
        let migrator = Migrator(migrations)
        return ReadinessCheck(name: "migrations") {
            let missing = try await migrator.status(pool).filter { $0.appliedAt == nil }.map(\.migration)
            guard let first = missing.first else { return }
            throw NotReady(
                "\(missing.count) to be applied, the first is \(first.line)/\(first.version) \(first.name): "
                    + "run `artesanos migrate up`")
        }
    }
}

/// Why a check does not hold, as it is shown.
struct NotReady: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
