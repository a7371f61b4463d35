import JetStream
import ServiceRuntime

extension ConfigurationOptions {
    /// Runs with a connection to NATS, as configured or of the running development system.
    func withBroker<Result>(_ body: (NATSConnection) async throws -> Result) async throws -> Result {
        let configuration = try loadOrDevelopment()
        let connection: NATSConnection
        do {
            connection = try await NATSConnection.connect(configuration.nats, logger: CommandLogger.quiet)
        } catch {
            throw CheckFailed("\(error)")
        }
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}
