/// A connection and what its pool knows about it.
///
/// `@unchecked Sendable`: `idleSince` is touched only with the lock of the pool's state held; the rest never changes.
final class PooledConnection: @unchecked Sendable {
    let connection: PostgresConnection
    /// When it is closed at the latest, once nobody uses it.
    let expiry: ContinuousClock.Instant
    var idleSince: ContinuousClock.Instant = .now

    init(_ connection: PostgresConnection, expiry: ContinuousClock.Instant) {
        self.connection = connection
        self.expiry = expiry
    }

    var core: ConnectionCore { connection.core }

    /// Whether somebody else can use it: open, with nothing running or waiting, outside of a transaction, without locks.
    var isReusable: Bool { core.withState { $0.isReusable } }
}
