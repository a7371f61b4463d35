import Composition
import Inventory
import JetStream
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Brings fresh servers, or those of an earlier version, to what the services need. Doing it again changes nothing.
struct DevelopmentSetUp: Sendable {
    let configuration: ArtesanosConfiguration
    let connection: NATSConnection
    let logger: Logger

    func run() async throws {
        for service in ServiceName.allCases {
            guard let database = configuration.database.postgres(of: service.rawValue) else { continue }
            _ = try await DatabaseCreation.createIfMissing(database)
            for migration in try await DatabaseMigration(service, database: database).up() {
                logger.info(
                    "migration applied",
                    metadata: [
                        LogKey.service: "\(service.rawValue)", "migration": "\(migration.line)/\(migration.version)",
                    ])
            }
        }
        try await streams()
        try await catalogue()
    }

    private func streams() async throws {
        let file = try StreamsFile.embedded(profile: "development")
        let admin = StreamsAdmin(connection, logger: logger)
        do {
            try await admin.apply(try await admin.plan(file))
        } catch let refused as StreamsRefused {
            throw CheckFailed(
                "\(refused)\nrun `artesanos streams apply --allow-destructive` against it, or start anew with "
                    + "`make reset`")
        }
    }

    private func catalogue() async throws {
        let environment = try ServiceEnvironment.make(
            ServiceName.inventory.rawValue, configuration: configuration, connection: connection, logger: logger)
        do {
            let count = try await CatalogueSeed.apply(
                to: environment, configuration: ServiceAssembly.inventory(configuration))
            if count > 0 { logger.info("catalogue seeded", metadata: [LogKey.count: "\(count)"]) }
            await environment.pool.close()
        } catch {
            await environment.pool.close()
            throw error
        }
    }
}
