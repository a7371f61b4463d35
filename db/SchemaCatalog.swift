public import Outbox

/// The migrations of each service's database, embedded in the binary from `db/migrations`.
public enum SchemaCatalog {
    /// The core that every service's database has.
    public static let outbox: [Migration] = [
        Migration(
            line: "outbox", version: 1, name: "core",
            up: PackageResources.outbox_001_core_up_sql, down: PackageResources.outbox_001_core_down_sql),
        Migration(
            line: "outbox", version: 2, name: "upkeep",
            up: PackageResources.outbox_002_upkeep_up_sql, down: PackageResources.outbox_002_upkeep_down_sql),
        Migration(
            line: "outbox", version: 3, name: "head",
            up: PackageResources.outbox_003_head_up_sql, down: PackageResources.outbox_003_head_down_sql),
        Migration(
            line: "outbox", version: 4, name: "dead_letter_message",
            up: PackageResources.outbox_004_dead_letter_message_up_sql,
            down: PackageResources.outbox_004_dead_letter_message_down_sql),
    ]
}
