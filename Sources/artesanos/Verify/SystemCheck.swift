import Composition
import Postgres

/// One invariant of the whole system, and how to look whether it holds.
struct SystemCheck: Sendable {
    /// What `--only` takes.
    let name: String
    /// What holds when it is clean, in one sentence.
    let promise: String
    /// What an operator pastes to see what is wrong; `KEY` stands for the key of what was found.
    let queries: [CheckQuery]
    let look: Look

    /// Where the invariant is looked at.
    enum Look: Sendable {
        /// Rows that must not be there, in each of these databases. The statement gives key, description and how many
        /// there are in all, of at most `$1` rows.
        case rows([ServiceName], Statement)
        /// One order with its payment and its stock: says what is wrong with it.
        case orders(OrderLook.Rule)
        /// One consumer's inbox beside the ledger that it is fed from.
        case consumers(@Sendable (ConsumerComparison) -> Suspects)
        /// Each ledger beside its stream, message by message.
        case streams
    }

    /// All of them, in the order in which they are shown.
    static let all = [
        streamIsLedger, eventsAreApplied, appliedIsKnown, nothingIsAside, sagaAgrees, sagaHistory, sagaWakes,
        illegalEvents, money, amounts, oneIntent, chargesKnown, paymentArithmetic, stock, noOrphans,
        stockArithmetic, reservationArithmetic, reservationsEnd, deadJobs,
    ]

    /// What all checks ask one service's database.
    static func statements(for service: ServiceName) -> [Statement] {
        all.compactMap { check in
            guard case .rows(let services, let statement) = check.look, services.contains(service) else { return nil }
            return statement
        }
    }
}

/// SQL for one of the databases, short enough to be typed.
struct CheckQuery: Sendable, Encodable, Hashable {
    let database: ServiceName
    let sql: String

    init(_ database: ServiceName, _ sql: String) {
        self.database = database
        self.sql = sql
    }

    func about(_ key: String) -> CheckQuery { CheckQuery(database, sql.replacing("KEY", with: key)) }
}
