import Composition
import Foundation
import JetStream
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// The three databases and the streams, as the checks look at them: they change nothing.
struct SystemView: Sendable {
    /// One consumer and where it is.
    struct Consumer: Sendable {
        let name: String
        /// Whose ledger it is fed from.
        let source: ServiceName
        /// Whose database has its inbox.
        let owner: ServiceName
    }

    let pools: [ServiceName: PostgresPool]
    let context: JetStreamContext
    let consumers: [Consumer]

    func pool(_ service: ServiceName) throws -> PostgresPool {
        guard let pool = pools[service] else {
            throw UsageFailure("\(service.rawValue.uppercased())_DATABASE_URL is not set")
        }
        return pool
    }

    /// Runs with connections of its own.
    /// - Throws: `UsageFailure` when a database is not configured, or NATS does not answer.
    static func with<Result>(
        _ configuration: ArtesanosConfiguration, _ body: (SystemView) async throws -> Result
    ) async throws -> Result {
        var pools: [ServiceName: PostgresPool] = [:]
        for service in ServiceName.allCases {
            guard var database = configuration.database.postgres(of: service.rawValue) else {
                throw UsageFailure("\(service.rawValue.uppercased())_DATABASE_URL is not set")
            }
            // Sorting a ledger of millions takes longer than a request may.
            database.statementTimeout = .seconds(600)
            database.applicationName = "artesanos-verify"
            pools[service] = PostgresPool(database, size: 3, logger: CommandLogger.quiet)
        }
        do {
            let connection: NATSConnection
            do {
                connection = try await NATSConnection.connect(configuration.nats, logger: CommandLogger.quiet)
            } catch {
                throw UsageFailure("NATS: \(error)")
            }
            do {
                let system = SystemView(
                    pools: pools, context: JetStreamContext(connection),
                    consumers: try Self.consumers(pools, configuration))
                let result = try await body(system)
                await connection.close()
                await close(pools)
                return result
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            await close(pools)
            throw error
        }
    }

    private static func close(_ pools: [ServiceName: PostgresPool]) async {
        for pool in pools.values { await pool.close() }
    }

    /// Those of the services' own definitions.
    static func consumers(
        _ pools: [ServiceName: PostgresPool], _ configuration: ArtesanosConfiguration
    ) throws -> [Consumer] {
        try pools.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { owner, pool in
            try ServiceAssembly.consumers(
                of: owner, pool: pool, configuration: configuration, logger: CommandLogger.quiet
            ).compactMap { definition in
                ServiceName.allCases.first { $0.stream == definition.stream }.map {
                    Consumer(name: definition.name, source: $0, owner: owner)
                }
            }
        }
    }

    /// The place in the ledger of a stream's message; nil when the message is not there, or carries none.
    func position(stream: String, sequence: UInt64) async throws -> Int64? {
        try await context.message(stream: stream, sequence: sequence)?
            .headers[JetStreamBroker.positionHeader].flatMap { Int64($0) }
    }
}
