public import Outbox

extension SchemaCatalog {
    /// The inventory service's database: the core, then its own line.
    public static let inventory: [Migration] =
        outbox + [
            Migration(
                line: "inventory", version: 1, name: "inventory",
                up: PackageResources.inventory_001_inventory_up_sql,
                down: PackageResources.inventory_001_inventory_down_sql),
            Migration(
                line: "inventory", version: 2, name: "account",
                up: PackageResources.inventory_002_account_up_sql,
                down: PackageResources.inventory_002_account_down_sql),
            Migration(
                line: "inventory", version: 3, name: "returns",
                up: PackageResources.inventory_003_returns_up_sql, down: PackageResources.inventory_003_returns_down_sql
            ),
            Migration(
                line: "inventory", version: 4, name: "drift_check",
                up: PackageResources.inventory_004_drift_check_up_sql,
                down: PackageResources.inventory_004_drift_check_down_sql),
        ]
}
