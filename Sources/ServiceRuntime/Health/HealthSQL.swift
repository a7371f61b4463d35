import Postgres

enum HealthSQL {
    static let ping: Statement = "select 1"

    static let all = [ping]
}
