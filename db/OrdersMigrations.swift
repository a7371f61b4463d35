public import Outbox

extension SchemaCatalog {
    /// The order service's database: the core, then its own line.
    public static let orders: [Migration] =
        outbox + [
            Migration(
                line: "orders", version: 1, name: "orders",
                up: PackageResources.orders_001_orders_up_sql,
                down: PackageResources.orders_001_orders_down_sql),
            Migration(
                line: "orders", version: 2, name: "account",
                up: PackageResources.orders_002_account_up_sql,
                down: PackageResources.orders_002_account_down_sql),
            Migration(
                line: "orders", version: 3, name: "requests",
                up: PackageResources.orders_003_requests_up_sql, down: PackageResources.orders_003_requests_down_sql),
            Migration(
                line: "orders", version: 4, name: "stuck",
                up: PackageResources.orders_004_stuck_up_sql, down: PackageResources.orders_004_stuck_down_sql),
        ]
}
