import Composition
import LocalServers
import Logging

/// The Postgres and the nats-server that belong to one development system.
struct PrivateServers: Sendable {
    let postgres: LocalPostgres
    let nats: LocalNATS

    /// Starts both; nil as folder gives them temporary ones, which are deleted at the end.
    static func start(
        in folder: DevelopmentFolder?, postgresPort: Int, natsPort: Int, logger: Logger
    ) async throws -> PrivateServers {
        async let nats = LocalNATS.start(directory: folder?.nats, port: natsPort, logger: logger)
        let postgres: LocalPostgres
        do {
            postgres = try await LocalPostgres.start(directory: folder?.postgres, port: postgresPort, logger: logger)
        } catch {
            await (try? nats)?.stop()
            throw error
        }
        do {
            return PrivateServers(postgres: postgres, nats: try await nats)
        } catch {
            await postgres.stop()
            throw error
        }
    }

    /// The settings with which services reach them.
    var settings: [String: String] {
        var settings = ["NATS_URL": nats.url]
        for service in ServiceName.allCases {
            settings["\(service.rawValue.uppercased())_DATABASE_URL"] = postgres.connectionString(
                database: service.rawValue)
        }
        return settings
    }

    /// NATS first: nothing is published any more, and Postgres has the truth.
    func stop() async {
        await nats.stop()
        await postgres.stop()
    }
}
