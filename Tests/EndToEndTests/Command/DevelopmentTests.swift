import Composition
import Contracts
import Foundation
import LocalServers
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// `artesanos dev`, as a person runs it.
    @Suite struct DevelopmentTests {
        @Test func everyOrderEndsAfterAHardKillAndTheStopIsClean() async throws {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-dev-\(UUID())").path
            let folder = DevelopmentFolder(path)
            defer { try? FileManager.default.removeItem(at: folder.url) }
            var settings = ["SAGA_STOCK_DEADLINE": "1h", "HOME": NSTemporaryDirectory()]
            for name in ["ORDERS_PORT", "PAYMENTS_PORT", "INVENTORY_PORT", "RELAY_PORT", "STRIPE_SANDBOX_PORT"] {
                settings[name] = "\(try RandomPort.next())"
            }

            let killed = try CommandProcess(["dev", "--dev", path], environment: settings)
            let first = try await Self.untilReady(killed, folder)
            #expect(killed.output.contains("Artesanos runs"))
            let shop = try await Self.shop(first, folder)
            var orders: [UUID] = []
            for _ in 0..<8 { orders.append(try await shop.place(DemoFlow.all[0])) }
            try await killed.killHard()
            // The private servers end by themselves: their ports are free again, and nothing is left to clean up.
            let ports = try #require(Self.serverPorts(first))
            try await eventually("the private servers have ended", within: .seconds(60)) {
                ports.allSatisfy(FreePort.isFree)
            }

            let again = try CommandProcess(["dev", "--dev", path], environment: settings)
            let second = try await Self.untilReady(again, folder)
            let sameShop = try await Self.shop(second, folder)
            for id in orders {
                try await eventually("the order \(id) has ended", within: .seconds(90)) {
                    try await sameShop.order(id).status == "CONFIRMED"
                }
                let intents = try await sameShop.intents(of: id)?.map(\.status)
                #expect(intents == ["succeeded"])
            }
            try await again.stop()
            #expect(FileManager.default.fileExists(atPath: folder.state.path) == false)
            #expect(again.output.contains("Stopped"))
        }

        private static func untilReady(
            _ process: CommandProcess, _ folder: DevelopmentFolder
        ) async throws -> DevelopmentState {
            try await eventually("the development system is ready", within: .seconds(90)) {
                guard process.isRunning else { throw Ended(output: process.output) }
                return process.output.contains("Artesanos runs")
            }
            return try #require(DevelopmentState.ofRunning(in: folder))
        }

        private static func shop(_ state: DevelopmentState, _ folder: DevelopmentFolder) async throws -> DemoShop {
            let issuer = await TokenIssuer(secret: try #require(DevelopmentSecret.read(folder.jwtSecret)))
            return DemoShop(
                client: ServiceClient(state.services),
                customer: try await issuer.token(subject: "maria", role: .customer),
                operations: try await issuer.token(subject: "ana", role: .ops), sandbox: state.sandbox)
        }

        private static func serverPorts(_ state: DevelopmentState) -> [Int]? {
            let urls = [state.settings["NATS_URL"], state.settings["ORDERS_DATABASE_URL"]]
            let ports = urls.compactMap { $0.flatMap(URL.init(string:))?.port }
            return ports.count == 2 ? ports : nil
        }

        private struct Ended: Error {
            let output: String
        }
    }
}
