import ArgumentParser
import Composition
import Foundation
import JetStream
import Logging
import ServiceRuntime

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Place orders that take every way an order can take, and watch them.",
        discussion: """
            Against the running development system. When none runs, one is started for the time of the demo, on the \
            same data and with short deadlines; --private starts one in a temporary folder in any case. The exit code \
            is 0 only if every order ended as it should, with the PaymentIntents and the stock that belong to that end.

            EXAMPLES
              artesanos demo
              artesanos demo --private
              artesanos demo | tee demo.txt
            """)

    @Flag(name: .customLong("private"), help: "Start a system of its own in a temporary folder.")
    var isPrivate = false

    @Option(help: ArgumentHelp("The folder of the development system.", valueName: "folder"))
    var dev: String = ".dev"

    /// Long enough for a slow machine to take every other way first, short enough to watch.
    private static let shortDeadlines = [
        "SAGA_STOCK_DEADLINE": "2s", "RESERVATION_TTL": "6s", "SAGA_PAYMENT_MARGIN": "3s",
        "RESERVATION_MAX_HOLD": "60s",
    ]

    func run() async throws {
        let folder = DevelopmentFolder(dev)
        let isAsExpected: Bool
        if !isPrivate, let state = DevelopmentState.ofRunning(in: folder) {
            Output.line("Using the running system (process \(state.pid))")
            var environment = ProcessInfo.processInfo.environment.merging(state.settings) { $1 }
            if let secret = DevelopmentSecret.read(folder.jwtSecret), environment["JWT_SECRET"]?.isEmpty ?? true {
                environment["JWT_SECRET"] = secret
            }
            let configuration = try ArtesanosConfiguration.load(environment: environment, requiring: [.tokens])
            isAsExpected = try await Self.play(state, configuration, logger: CommandLogger.quiet)
        } else {
            isAsExpected = try await playOnOwnSystem(folder)
        }
        guard isAsExpected else { throw CheckFailed("not every order ended as it should") }
        Output.line("Every order ended as it should.")
    }

    private func playOnOwnSystem(_ kept: DevelopmentFolder) async throws -> Bool {
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-demo-\(UUID())")
        let folder = isPrivate ? DevelopmentFolder(temporary.path) : kept
        defer { if isPrivate { try? FileManager.default.removeItem(at: temporary) } }
        let telemetry = try DevelopmentLog.bootstrap(folder, isVerbose: false)
        let logger = Logger(label: "artesanos")
        Output.line("Starting a system for the demo, with short deadlines")
        let system = DevelopmentSystem(
            folder: folder, isTemporary: isPrivate, settings: Self.shortDeadlines, telemetry: telemetry,
            logger: logger)
        let result = DemoVerdict()
        try await system.run { running in
            result.set(try await Self.play(running.state, running.configuration, logger: logger))
            await running.lifetime.stop()
        }
        return result.isAsExpected
    }

    private static func play(
        _ state: DevelopmentState, _ configuration: ArtesanosConfiguration, logger: Logger
    ) async throws -> Bool {
        let tokens = DevelopmentTokens(configuration)
        let shop = DemoShop(
            client: ServiceClient(state.services), customer: try await tokens.token(.customer, "demo"),
            operations: try await tokens.token(.ops, "demo"), sandbox: state.sandbox)
        let connection = try await NATSConnection.connect(configuration.nats, logger: logger)
        let run = DemoRun(
            shop: shop, configuration: configuration, connection: connection,
            renderer: DemoRenderer(terminal: .standard))
        do {
            let isAsExpected = try await run.run(DemoFlow.all)
            await connection.close()
            return isAsExpected
        } catch {
            await connection.close()
            throw error
        }
    }
}
