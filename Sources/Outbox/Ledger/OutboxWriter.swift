public import Postgres

/// Appends events to a service's ledger, in the transaction of the change that they tell of (promise D1).
///
/// Positions are given out when the rows are inserted, and the rows are inserted with COMMIT: so the time in which a
/// transaction holds an unpublished position, and the relay has to wait for it, is as short as can be. Append only
/// after the aggregate's row is locked or inserted in the same transaction: that is what puts the events of one
/// aggregate in the order in which its transactions commit (promise D4).
public struct OutboxWriter: Sendable {
    /// The stream that this service's ledger is copied to.
    public let stream: String
    private let hint: any WakeupHint

    /// - Parameters:
    ///   - stream: the stream's name.
    ///   - hint: told after each commit, so that the relay need not wait for its next poll.
    public init(stream: String, hint: any WakeupHint) {
        self.stream = stream
        self.hint = hint
    }

    /// Adds the events to the transaction: sent with COMMIT, in the order given, behind all else.
    public func append(_ events: [OutboxEvent], in transaction: PostgresTransaction) {
        guard !events.isEmpty else { return }
        transaction.enqueueAtCommit(statement(events))
        transaction.afterCommit { [hint] in hint.notify() }
    }

    /// The insert alone, for a pipeline of one round trip. It must be the pipeline's last statement, and
    /// ``committed()`` be called when the pipeline has succeeded.
    public func statement(_ events: [OutboxEvent]) -> BoundStatement {
        if events.count == 1, let event = events.first {
            return LedgerSQL.appendOne.bind(
                event.id, event.aggregateType, event.aggregateID, event.type,
                String(decoding: event.json, as: UTF8.self), event.traceparent)
        }
        return LedgerSQL.append.bind(
            events.map(\.id), events.map(\.aggregateType), events.map(\.aggregateID), events.map(\.type),
            events.map { String(decoding: $0.json, as: UTF8.self) }, events.map(\.traceparent))
    }

    /// Tells the relay that there is something new. Losing this costs only the polling interval.
    public func committed() {
        hint.notify()
    }
}
