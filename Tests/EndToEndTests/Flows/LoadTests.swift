import AsyncHTTPClient
import Composition
import Contracts
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    @Suite struct LoadTests {
        /// In the mix of `make load`: 80 % paid, 10 % out of stock, 5 % declined, 5 % cancelled.
        @Test func aHundredOrdersAtOnceAllEndAsTheyShouldWhileTheChecksStayClean() async throws {
            try await Marketplace.run { market in
                let report = try await Self.load(market, orders: 100, pace: .burst(connections: 100), isWatched: true)
                #expect(report.orders == 100)
                #expect(report.isGood, "\(report.lines(.plain).joined(separator: "\n"))")
                #expect(report.failedRequests == 0)
                try await market.expectNothingAmiss()
            }
        }

        /// Alone, after all other tests (`scripts/test.sh`): beside them its orders would run into their deadlines.
        @Test(.enabled(if: ProcessInfo.processInfo.environment["LOAD_TESTS"] != nil))
        func twoThousandOrdersInABurstAllEndAsTheyShould() async throws {
            try await Marketplace.run { market in
                let report = try await Self.load(market, orders: 2_000, pace: .burst(connections: 100))
                #expect(report.isGood, "\(report.lines(.plain).joined(separator: "\n"))")
            }
        }

        @Test func noPieceIsSoldTwiceWhenMoreAreOrderedAtOnceThanThereAre() async throws {
            try await Marketplace.run { market in
                // Eight lanterns for twenty customers.
                let orders = try await withThrowingTaskGroup(of: UUID.self) { group in
                    for _ in 0..<20 { group.addTask { try await market.place("FOR-FAROL-UBEDA").orderId } }
                    return try await group.reduce(into: [UUID]()) { $0.append($1) }
                }
                var confirmed = 0
                for id in orders {
                    let order = try await market.settled(id, within: .seconds(120))
                    if order.status == "CONFIRMED" { confirmed += 1 } else { #expect(order.reason == "out_of_stock") }
                }
                #expect(confirmed == 8)
                try await eventually("all stock is committed", within: .seconds(60)) {
                    try await market.count("select count(*) from stock where reserved > 0", in: .inventory) == 0
                }
                let lanterns = try await market.stock("FOR-FAROL-UBEDA")
                #expect(lanterns.onHand == 0)
                let snapshot = try market.sandbox.snapshot()
                #expect(snapshot.paymentIntents.filter { $0.status == "succeeded" }.count == 8)
                try await market.expectNothingAmiss()
            }
        }

        /// - Parameter isWatched: the checks are run over and over meanwhile, and have to stay clean.
        private static func load(
            _ market: Marketplace, orders: Int, pace: LoadPace, isWatched: Bool = false
        ) async throws -> LoadReport {
            var http = HTTPClient.Configuration()
            http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = pace.connections
            return try await HTTPClient.withHTTPClient(configuration: http) { http in
                let test = LoadTest(
                    plan: LoadPlan(orders, mix: .standard, products: 5, seed: 4),
                    pace: pace,
                    shop: LoadShop(
                        client: ServiceClient(market.serviceURLs, http: http, timeout: .seconds(300)),
                        customer: market.customer, operations: market.operations),
                    system: try market.systemView(), timeout: .seconds(600), seed: 4)
                return try await withThrowingTaskGroup(of: LoadReport?.self) { group in
                    group.addTask { try await test.run { try market.sandbox.snapshot() } }
                    if isWatched {
                        group.addTask {
                            while !Task.isCancelled {
                                let report = try await Verification(system: market.systemView()).run()
                                #expect(
                                    report.violated.isEmpty, "\(report.lines(.plain).joined(separator: "\n"))")
                            }
                            return nil
                        }
                    }
                    let report = try await group.next() ?? nil
                    group.cancelAll()
                    return try #require(report)
                }
            }
        }
    }
}
