import ArgumentParser
import Composition
import Foundation
import Logging
import ServiceRuntime

struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Copy the services' ledgers to their streams.",
        discussion: """
            One process relays all ledgers that are named; further ones stand by and take over. Needs the databases, \
            and NATS_URL with a user who may publish to the streams. Health and metrics are on RELAY_PORT.

            EXAMPLES
              artesanos relay
              artesanos relay --service orders --service payments
              artesanos relay --port 9100
            """)

    @OptionGroup var selection: ServiceSelection

    @Option(help: "Port of health and metrics; 0 takes a free one. RELAY_PORT, or 8084, unless told otherwise.")
    var port: Int?

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let port = try port ?? RelayPort.configured() ?? RelayPort.usual
        guard (0...65_535).contains(port) else { throw UsageFailure("--port is to be from 0 to 65535") }
        let given = try options.load()
        let telemetry = Telemetry.bootstrap(given)
        var system = SystemAssembly(
            hosted: [], relayed: selection.names, relayPort: port, configuration: given, telemetry: telemetry,
            logger: Logger(label: "artesanos"))
        system.configuration = try options.load(requiring: system.requirements)
        try await system.run()
    }
}

/// Where health and metrics of a process that only relays are.
enum RelayPort {
    static let usual = 8084

    /// The port in the environment; nil when none is set.
    static func configured(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Int? {
        guard let text = environment["RELAY_PORT"], !text.isEmpty else { return nil }
        guard let port = Int(text), (0...65_535).contains(port) else {
            throw UsageFailure("RELAY_PORT: \"\(text)\" was given; expected a whole number from 0 to 65535")
        }
        return port
    }
}
