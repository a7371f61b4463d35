public import Outbox

extension SchemaCatalog {
    /// The payment service's database: the core, then its own line.
    public static let payments: [Migration] =
        outbox + [
            Migration(
                line: "payments", version: 1, name: "payments",
                up: PackageResources.payments_001_payments_up_sql,
                down: PackageResources.payments_001_payments_down_sql),
            Migration(
                line: "payments", version: 2, name: "account",
                up: PackageResources.payments_002_account_up_sql,
                down: PackageResources.payments_002_account_down_sql),
            Migration(
                line: "payments", version: 3, name: "refunds",
                up: PackageResources.payments_003_refunds_up_sql, down: PackageResources.payments_003_refunds_down_sql),
            Migration(
                line: "payments", version: 4, name: "unresolved",
                up: PackageResources.payments_004_unresolved_up_sql,
                down: PackageResources.payments_004_unresolved_down_sql),
        ]
}
