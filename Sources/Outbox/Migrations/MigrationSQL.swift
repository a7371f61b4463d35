import Postgres

/// The migrator's own statements.
enum MigrationSQL {
    static let createTable = """
        create table if not exists schema_migration (
            line       text        not null,
            version    integer     not null,
            name       text        not null,
            checksum   bigint      not null,
            applied_at timestamptz not null default now(),
            primary key (line, version)
        )
        """

    static let tableExists: Statement = "select to_regclass('schema_migration') is not null"

    static let applied: Statement = """
        select line, version, name, checksum, applied_at from schema_migration order by line, version
        """

    static let record: Statement = """
        insert into schema_migration (line, version, name, checksum) values ($1::text, $2::int, $3::text, $4::bigint)
        """

    static let forget: Statement = """
        delete from schema_migration where line = $1::text and version = $2::int
        """
}
