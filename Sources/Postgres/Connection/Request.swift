/// One round trip: statements that are sent together and answered together.
///
/// `@unchecked Sendable`: after ``ConnectionCore/enqueue(_:_:)`` every mutable property is touched only with the lock of
/// the connection's state held; before, the request belongs to the one who makes it.
final class Request: @unchecked Sendable {
    typealias Continuation = CheckedContinuation<[PostgresRows], any Error>

    enum Kind {
        /// The steps, by the extended protocol in pipeline mode.
        case pipeline
        /// A text of several statements, by the simple protocol.
        case script(String)
        /// COPY … FROM STDIN, by the simple protocol; the rows are written while the request is active.
        case copy(String)
    }

    enum Phase { case new, queued, active, finished }

    struct Step {
        let statement: Statement
        let parameters: Range<Int>
    }

    /// What the server answers next.
    enum Expectation {
        case deallocate(String)
        case prepare(PreparedStatement, step: Int)
        case execute(PreparedStatement?, step: Int)
    }

    let kind: Kind
    private(set) var steps: [Step] = []
    private(set) var parameters = RequestParameters()
    /// Whether it has to reach the server even when its task is cancelled while it waits: it begins a transaction, and
    /// what waits behind it would otherwise run outside of one.
    var mustBeSent = false
    /// How many steps at the start are not the caller's own; ``PostgresError/pipelineIndex`` does not count them.
    var leadingSteps = 0

    var phase = Phase.new
    var continuation: Continuation?
    var results: [PostgresRows] = []
    var error: PostgresError?
    var expectations: [Expectation] = []
    /// Which expectation the next result belongs to.
    var cursor = 0
    var isCancelRequested = false
    var cancelAttempts = 0
    /// Whether any of it may have reached the server.
    var wasSent = false
    /// Whether it was sent a second time because a prepared statement had become stale.
    var isRetry = false
    /// Whether the server is taking COPY's rows. libpq would report just that, again and again, as its result.
    var isTakingRows = false
    /// Continued when everything written has gone to the system's socket buffer.
    var drained: CheckedContinuation<Void, any Error>?

    init(kind: Kind = .pipeline) { self.kind = kind }

    convenience init(_ statements: some Collection<BoundStatement>) throws {
        self.init()
        reserveSteps(statements.count)
        for statement in statements { try append(statement) }
    }

    func reserveSteps(_ count: Int) { steps.reserveCapacity(count) }

    /// Adds a statement. Throws ``PostgresError/Code/encoding`` when a value has no form Postgres takes.
    func append(_ bound: BoundStatement) throws {
        do {
            steps.append(Step(statement: bound.statement, parameters: try parameters.append(bound.values)))
        } catch var error as PostgresError {
            error.statement = bound.statement.sql
            error.pipelineIndex = pipelineIndex(ofStep: steps.count)
            throw error
        }
    }

    /// How far the server came, for those who have to know what a lost connection may have done.
    var completedSteps: Int { results.count }

    /// The place of a step among the caller's own statements; nil for those that travel along.
    func pipelineIndex(ofStep step: Int) -> Int? { step >= leadingSteps ? step - leadingSteps : nil }

    /// What `step` runs.
    func sql(ofStep step: Int) -> String? {
        switch kind {
        case .pipeline: steps.indices.contains(step) ? steps[step].statement.sql : nil
        case .script(let sql), .copy(let sql): sql
        }
    }

    func prepareForRetry() {
        isRetry = true
        results = []
        error = nil
        expectations = []
        cursor = 0
    }
}
