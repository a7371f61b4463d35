import Postgres
import TestSupport
import Testing

@testable import Outbox

/// Writers' transactions and the relay's steps in every order that could matter, chosen by the test. In each an
/// unrelated transaction is open from the first event to the last.
@Suite("Gap rule: interleavings")
struct GapInterleavingTests {
    private static let steps: [RelayStep] = [
        .tailRead, .cursorSaved, .rowsRead, .holdersAsked, .handedOver, .acknowledged,
    ]

    @Test(
        "a row inserted early and committed late is waited for, wherever the relay is at the insert", arguments: steps)
    func waitsForEarlyInsert(at step: RelayStep) async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.append(2)
        try await harness.leaveDeadHole()
        try await harness.append(2)
        try await harness.withSessions { early, late in
            steps.next(step) {
                try await early.begin()
                try await early.append("early")
                try await late.append("late")
            }
            try await harness.withRelayAndBystander(steps) {
                try await eventually("the events were inserted") { steps.isDone }
                try await steps.rounds()
                // The dead hole may have to wait for the writer too: it cannot be told from the writer's own.
                try await eventually("what is before any hole is relayed") { harness.streamPositions.count >= 2 }
                #expect(!harness.streamPositions.contains(7))
                try await early.commit()
                try await harness.streamEqualsLedger()
                #expect(harness.streamPositions == [1, 2, 4, 5, 6, 7])
            }
        }
    }

    @Test(
        "a row that is committed between two steps of the relay is not taken for a dead hole",
        arguments: [RelayStep.tailRead, .cursorSaved, .rowsRead, .holdersAsked])
    func seesCommit(at step: RelayStep) async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.withSessions { early, late in
            try await early.begin()
            try await early.append("early")
            try await late.append("late")
            steps.next(step) { try await early.commit() }
            try await harness.withRelayAndBystander(steps) { try await harness.streamEqualsLedger() }
            #expect(harness.streamPositions == [1, 2])
        }
    }

    /// The relay asks for the holders and reads the rows in one round trip, where no step lies between: there the
    /// question itself is held up, while the row is committed.
    @Test(
        "a row that is committed while the relay asks for the holders is seen, whatever the database's isolation",
        arguments: ["read committed", "repeatable read", "serializable"])
    func readsRowsAfterHolders(isolation: String) async throws {
        var harness = try await RelayHarness()
        try await harness.pool.withConnection { connection in
            try await connection.runScript(
                """
                create schema gated;
                create function gated.pass() returns void language plpgsql as
                    $$ begin perform pg_advisory_lock_shared(1); perform pg_advisory_unlock_shared(1); end $$;
                create view gated.pg_locks as
                    select l.* from (select gated.pass() offset 0) as gate, lateral pg_lock_status() as l;
                alter database \(harness.database.name) set default_transaction_isolation = '\(isolation)';
                """)
        }
        harness.configure = { $0.database.settings["search_path"] = "gated, public, pg_catalog" }
        let steps = StepLog()
        try await harness.withSessions { early, late in
            try await early.begin()
            try await early.append("early")
            try await late.append("late")
            try await harness.withRelayAndBystander(steps) {
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await late.run("select pg_advisory_lock(1)")
                try await eventually("the relay's question is held up") {
                    try await late.number64(
                        """
                        select count(*) from pg_stat_activity
                        where datname = current_database() and application_name = 'relay' and wait_event = 'advisory'
                        """) == 1
                }
                try await early.commit()
                try await late.run("select pg_advisory_unlock(1)")
                try await harness.streamEqualsLedger()
            }
        }
        #expect(harness.streamPositions == [1, 2])
    }

    /// How a transaction ends without its row.
    enum End: CaseIterable {
        case rollback, disconnect, terminated
    }

    @Test("a transaction that ends without its row is passed when it has ended, not before", arguments: End.allCases)
    func passesEndedTransaction(end: End) async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.withSessions { early, late in
            try await early.begin()
            try await early.append("gone")
            try await late.append("late")
            try await harness.withRelayAndBystander(steps) {
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await steps.rounds()
                #expect(harness.streamPositions.isEmpty)
                switch end {
                case .rollback: try await early.rollback()
                case .disconnect: await early.connection.close()
                case .terminated:
                    let backend = try await early.processID
                    try await late.run("select pg_terminate_backend(\(backend))")
                }
                try await harness.streamEqualsLedger()
                #expect(harness.streamPositions == [2])
            }
        }
    }

    @Test("a savepoint that was rolled back is passed while its transaction goes on, which then writes again")
    func passesRolledBackSavepoint() async throws {
        let harness = try await RelayHarness()
        try await harness.withSessions { early, late in
            try await harness.withRelayAndBystander {
                try await early.run("begin; select pg_current_xact_id(); savepoint attempt")
                try await early.append("gone")
                try await early.run("rollback to savepoint attempt")
                try await late.append("late")
                try await harness.streamEqualsLedger("the dead position is passed, though the transaction is open")
                try await early.append("early")
                try await late.append("late", 2)
                try await early.commit()
                try await harness.streamEqualsLedger()
            }
        }
        #expect(harness.streamPositions == [2, 3, 4])
    }

    @Test("a savepoint that was released is waited for, as is one that was rolled back behind an earlier row")
    func waitsForReleasedSavepoint() async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.withSessions { early, late in
            try await harness.withRelayAndBystander(steps) {
                try await early.run("begin; savepoint attempt")
                try await early.append("early")
                try await early.run("release savepoint attempt; savepoint another")
                try await early.append("gone")
                try await early.run("rollback to savepoint another")
                try await late.append("late")
                try await eventually("the holder is noted") { steps.count(.holdersAsked) > 0 }
                try await steps.rounds()
                #expect(harness.streamPositions.isEmpty)
                try await early.commit()
                try await harness.streamEqualsLedger()
            }
        }
        #expect(harness.streamPositions == [1, 3])
    }

    @Test("events of several aggregates in one transaction keep their order among other transactions'")
    func keepsOrderOfManyAggregates() async throws {
        let harness = try await RelayHarness()
        try await harness.withSessions { first, second in
            try await harness.withRelayAndBystander {
                try await first.begin()
                try await second.begin()
                for number in 1...4 {
                    try await first.append("a", number)
                    try await second.append("b", number)
                    try await first.append("c", number)
                }
                try await second.commit()
                try await first.commit()
                try await harness.streamEqualsLedger()
            }
        }
        #expect(harness.streamPositions == Array(1...12))
    }

    @Test("of two transactions on one aggregate the later commit is the later event, though it had its id first")
    func ordersByCommitNotByTransactionID() async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.pool.query("create table aggregate (id text primary key, version int)")
        try await harness.pool.query("insert into aggregate values ('x', 0)")
        try await harness.withSessions { a, b in
            try await harness.withRelayAndBystander(steps) {
                try await b.begin()
                let idOfB = try await b.number64("select pg_current_xact_id()::text::bigint")
                try await a.run("begin; update aggregate set version = version + 1")
                let idOfA = try await a.number64("select pg_current_xact_id()::text::bigint")
                #expect(idOfB < idOfA)
                let backend = try await b.processID
                async let waiting: Void = b.run("update aggregate set version = version + 1")
                try await eventually("B waits for A's row lock") { try await harness.isBlocked(backend) }
                try await a.append("x", 1)
                try await a.commit()
                try await waiting
                // A position between the two, of one who commits last of all.
                try await a.begin()
                try await a.append("y", 1)
                try await b.append("x", 2)
                try await b.commit()
                try await eventually("the relay waits") { steps.count(.holdersAsked) > 0 }
                try await a.commit()
                try await harness.streamEqualsLedger()
            }
        }
        #expect(try harness.numbers(of: "x") == [1, 2])
        #expect(harness.streamPositions == [1, 2, 3])
    }
}
