import Composition
import Foundation
import Inventory
import Postgres
import ServiceRuntime

/// Waits until orders can be placed: every service is ready, and the order service knows the catalogue's prices.
struct DevelopmentReadiness: Sendable {
    let state: DevelopmentState
    let configuration: ArtesanosConfiguration

    /// Longer than a start takes on a slow machine, with a ledger to catch up with.
    private static let limit = Duration.seconds(90)

    /// - Throws: `CheckFailed`, saying what was not ready in time.
    func wait() async throws {
        let client = ServiceClient(state.services)
        for service in ServiceName.allCases {
            try await Polling.wait("the \(service.rawValue) service was not ready", within: Self.limit) {
                await client.isReady(service)
            }
        }
        guard let database = configuration.database.postgres(of: ServiceName.orders.rawValue) else { return }
        let connection = try await PostgresConnection.connect(database)
        do {
            let skus = CatalogueSeed.pieces.map(\.sku)
            try await Polling.wait("the order service did not get the catalogue", within: Self.limit) {
                let known = try await connection.query(DevelopmentSQL.knownProducts, skus).first?
                    .get(0, as: Int64.self)
                return known == Int64(skus.count)
            }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// What the development system asks its databases.
enum DevelopmentSQL {
    /// How many of these products the order service's replica of the catalogue has.
    static let knownProducts: Statement = "select count(*) from catalogue_product where sku = any ($1::text[])"
}

/// Waiting for something that nobody signals.
enum Polling {
    /// Looks every 20 ms until the condition holds.
    /// - Throws: `CheckFailed` with `failure` and the time when it does not hold in time.
    static func wait(
        _ failure: String, within limit: Duration, _ condition: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < end else {
                throw CheckFailed("\(failure) within \(DurationText.format(limit))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
