import Postgres
import ServiceLifecycle

/// The first service of a host's group, hence the last to be stopped: then nothing uses the pool any more.
struct PoolCloser: Service {
    let pool: PostgresPool

    func run() async throws {
        try? await gracefulShutdown()
        await pool.close()
    }
}
