import ArgumentParser
import Composition
import Foundation
import Postgres
import ServiceRuntime

/// Where a command finds its settings.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A .env, YAML or JSON file with settings; the environment wins.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The folder of the development system.", valueName: "folder"))
    var dev: String = ".dev"

    var folder: DevelopmentFolder { DevelopmentFolder(dev) }

    /// The settings as given.
    func load(requiring requirements: Set<ArtesanosConfiguration.Requirement> = []) throws -> ArtesanosConfiguration {
        try ArtesanosConfiguration.load(file: config, requiring: requirements)
    }

    /// The settings as given. Where they name no database at all, those of the running development system stand in,
    /// and the key of its tokens.
    func loadOrDevelopment(
        requiring requirements: Set<ArtesanosConfiguration.Requirement> = []
    ) throws -> ArtesanosConfiguration {
        var environment = ProcessInfo.processInfo.environment
        let given = try ArtesanosConfiguration.load(file: config)
        let hasDatabase = ServiceName.allCases.contains { given.database.url(of: $0.rawValue) != nil }
        if !hasDatabase, let state = DevelopmentState.ofRunning(in: folder) {
            environment.merge(state.settings) { given, _ in given }
        }
        if given.auth.secrets.isEmpty, let secret = DevelopmentSecret.read(folder.jwtSecret) {
            environment["JWT_SECRET"] = secret
        }
        return try ArtesanosConfiguration.load(environment: environment, file: config, requiring: requirements)
    }

    /// Runs with a connection to a service's database.
    /// - Throws: `UsageFailure` when it is not configured.
    func withPool<Result>(
        of service: ServiceName, _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        let configuration = try loadOrDevelopment()
        guard let database = configuration.database.postgres(of: service.rawValue) else {
            throw UsageFailure(
                "\(service.rawValue.uppercased())_DATABASE_URL is not set, and no development system runs in "
                    + "\(folder.shownPath) (start one with `artesanos dev`)")
        }
        let pool = PostgresPool(database, size: 2, logger: CommandLogger.quiet)
        do {
            let result = try await body(pool)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }
}

/// Several services, or all.
struct ServiceSelection: ParsableArguments {
    @Option(name: .customLong("service"), help: "A service; may be given several times. All unless told otherwise.")
    var services: [ServiceName] = []

    var names: [ServiceName] { services.isEmpty ? ServiceName.allCases : services }
}
