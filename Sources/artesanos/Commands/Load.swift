import ArgumentParser
import AsyncHTTPClient
import Composition
import Foundation
import Logging
import Postgres
import ServiceRuntime
import StripeSandbox

struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Place many orders at once, time their ends, and check that everything agrees afterwards.",
        discussion: """
            Against the running development system; when none runs, or with --private, on a system of its own in a \
            temporary folder. Orders are of products of its own (LOAD-1, LOAD-2, …). The times are from the request \
            until the order's end as the database has it. Afterwards it runs the checks of `artesanos verify`.

            Exit codes: 0 every order ended as it should and all checks are clean, 1 otherwise, 2 wrong usage.

            EXAMPLES
              artesanos load --orders 100 --at-once 100
              artesanos load --private --burst 2000
              artesanos load --orders 600 --rate 20 --mix success=90,cancelled=10 --seed 7 --json
            """)

    @Option(help: "How many orders.")
    var orders = 100
    @Option(help: "How many are under way at once; with --rate and --burst, how many requests.")
    var atOnce = 100
    @Option(help: ArgumentHelp("So many orders a second, whether earlier ones have ended or not.", valueName: "number"))
    var rate: Double?
    @Option(
        help: ArgumentHelp("So many orders as fast as they are accepted, in place of --orders.", valueName: "orders"))
    var burst: Int?
    @Option(help: "Which share of the orders is to end in which way: success, out-of-stock, declined, cancelled.")
    var mix = LoadMix.standard
    @Option(help: "Over how many products the orders are spread.")
    var products = 20
    @Option(help: "Orders that are placed before and not counted, so that connections are open.")
    var warmUp = 100
    @Option(help: "Makes the same orders again; a random one unless given.")
    var seed: UInt64?
    @Option(help: "How long after the last order was placed all have to have ended.")
    var timeout = DurationArgument(.seconds(120))
    @Flag(name: .customLong("private"), help: "Start a system of its own in a temporary folder.")
    var isPrivate = false
    @Option(help: ArgumentHelp("The folder of the development system.", valueName: "folder"))
    var dev: String = ".dev"
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(burst ?? orders) else { throw ValidationError("1 to 1000000 orders, please") }
        guard (1...1_000).contains(atOnce) else { throw ValidationError("--at-once: 1 to 1000") }
        guard (0...100_000).contains(warmUp) else { throw ValidationError("--warm-up: 0 to 100000") }
        guard (1...10_000).contains(products) else { throw ValidationError("--products: 1 to 10000") }
        guard rate.map({ $0 > 0 && $0 <= 100_000 }) ?? true else { throw ValidationError("--rate: 0 to 100000") }
        guard rate == nil || burst == nil else { throw ValidationError("--rate and --burst exclude each other") }
    }

    func run() async throws {
        let folder = DevelopmentFolder(dev)
        let report: LoadReport
        if !isPrivate, let state = DevelopmentState.ofRunning(in: folder) {
            var environment = ProcessInfo.processInfo.environment.merging(state.settings) { $1 }
            if let secret = DevelopmentSecret.read(folder.jwtSecret), environment["JWT_SECRET"]?.isEmpty ?? true {
                environment["JWT_SECRET"] = secret
            }
            report = try await load(
                state, try ArtesanosConfiguration.load(environment: environment, requiring: [.tokens]))
        } else {
            report = try await loadOwnSystem()
        }
        if json { try JSONOutput.print(report) } else { report.lines(.standard).forEach { Output.line($0) } }
        guard report.isGood else { throw ExitCode.checkFailed }
    }

    private func loadOwnSystem() async throws -> LoadReport {
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-load-\(UUID())")
        defer { try? FileManager.default.removeItem(at: temporary) }
        let folder = DevelopmentFolder(temporary.path)
        let telemetry = try DevelopmentLog.bootstrap(folder, isVerbose: false)
        let system = DevelopmentSystem(
            folder: folder, isTemporary: true, telemetry: telemetry, logger: Logger(label: "artesanos"))
        let result = LoadVerdict()
        Output.error("starting a system of its own")
        try await system.run { running in
            result.set(try await load(running.state, running.configuration))
            await running.lifetime.stop()
        }
        return try result.get()
    }

    private func load(_ state: DevelopmentState, _ configuration: ArtesanosConfiguration) async throws -> LoadReport {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        let plan = LoadPlan(burst ?? orders, mix: mix, products: products, seed: seed)
        let pace: LoadPace =
            if let rate { .rate(rate, connections: atOnce) } else if burst != nil {
                .burst(connections: atOnce)
            } else { .atOnce(atOnce) }
        let tokens = DevelopmentTokens(configuration)
        var http = HTTPClient.Configuration()
        http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = atOnce
        let customer = try await tokens.token(.customer, "load")
        let operations = try await tokens.token(.ops, "load")
        return try await HTTPClient.withHTTPClient(configuration: http) { http in
            let shop = LoadShop(
                client: ServiceClient(state.services, http: http), customer: customer, operations: operations)
            return try await SystemView.with(configuration) { system in
                let snapshot: (() async throws -> SandboxSnapshot)? = state.sandbox.map { url in
                    { try await shop.client.sandboxState(of: url) }
                }
                return try await LoadTest(
                    plan: plan, pace: pace, shop: shop, system: system, timeout: timeout.duration, seed: seed,
                    warmUp: warmUp,
                    progress: LoadProgress(total: plan.orders.count).show
                ).run(snapshot)
            }
        }
    }
}
