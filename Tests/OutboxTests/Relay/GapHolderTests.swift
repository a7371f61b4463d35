import Postgres
import TestSupport
import Testing

@testable import Outbox

/// Who counts as a writer that may still fill a hole, and who does not.
@Suite("Gap rule: lock holders")
struct GapHolderTests {
    @Test("a position drawn without an insert is passed while its transaction is open")
    func passesBareNextval() async throws {
        let harness = try await RelayHarness()
        try await harness.withSessions { drawing, writing in
            try await drawing.run("begin; select pg_current_xact_id(); select nextval('outbox_position_seq')")
            try await writing.append("a")
            try await harness.withRelayAndBystander { try await harness.streamEqualsLedger() }
            try await drawing.rollback()
        }
        #expect(harness.streamPositions == [2])
    }

    @Test("a writer that came after the hole was seen delays nothing, be it the same session as the one before")
    func ignoresLaterWriter() async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.withSessions { early, late in
            let other = try await harness.session()
            try await harness.withRelayAndBystander(steps) {
                try await early.begin()
                try await early.append("early")
                try await late.append("late")
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await other.begin()
                try await other.append("other")
                try await early.rollback()
                try await early.begin()
                try await early.append("early", 2)
                try await eventually("what lies before the later writers flows") { harness.streamPositions == [2] }
                try await other.commit()
                try await early.commit()
                try await harness.streamEqualsLedger()
            }
            await other.connection.close()
        }
    }

    @Test("a row written by a trigger's function is waited for")
    func waitsForTrigger() async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.pool.withConnection { connection in
            try await connection.runScript(
                """
                create table thing (id int);
                create function tell() returns trigger language plpgsql as $$ begin
                    insert into outbox (event_id, aggregate_type, aggregate_id, subject, event)
                    values (gen_random_uuid(), 'thing', new.id::text, 'order.created.v1', '{"data":{"number":1}}');
                    return new;
                end $$;
                create trigger tell after insert on thing for each row execute function tell();
                """)
        }
        try await harness.withSessions { early, late in
            try await harness.withRelayAndBystander(steps) {
                try await early.run("begin; insert into thing values (1)")
                try await late.append("late")
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await steps.rounds()
                #expect(harness.streamPositions.isEmpty)
                try await early.commit()
                try await harness.streamEqualsLedger()
            }
        }
        #expect(harness.streamPositions == [1, 2])
    }

    /// A backend keeps its first sixteen weak locks to itself, the further ones in the table that all share.
    @Test("a writer is seen wherever Postgres keeps its lock", arguments: [true, false])
    func seesFastPathLock(isFast: Bool) async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        for number in 0..<20 { try await harness.pool.query(Statement("create table t\(number) ()")) }
        let tables = (0..<20).map { "t\($0)" }.joined(separator: ", ")
        try await harness.withSessions { early, late in
            try await early.begin()
            if !isFast { try await early.run("lock table \(tables) in access share mode") }
            try await early.append("early")
            try await late.append("late")
            let held = try await harness.pool.query(
                """
                select fastpath from pg_locks
                where relation = 'outbox'::regclass and mode = 'RowExclusiveLock' and pid = $1::int
                """, try await early.processID)
            #expect(try held.first?.get(0, as: Bool.self) == isFast)
            try await harness.withRelayAndBystander(steps) {
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await steps.rounds()
                #expect(harness.streamPositions.isEmpty)
                try await early.commit()
                try await harness.streamEqualsLedger()
            }
        }
    }

    @Test(
        "a writer that has a stronger lock too is waited for", arguments: ["share row exclusive", "exclusive"])
    func waitsForWriterWithStrongerLock(mode: String) async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        try await harness.withSessions { early, late in
            try await early.begin()
            try await early.append("early")
            try await late.append("late")
            try await early.run("lock table outbox in \(mode) mode")
            try await harness.withRelayAndBystander(steps) {
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await steps.rounds()
                #expect(harness.streamPositions.isEmpty)
                try await early.commit()
                try await harness.streamEqualsLedger()
            }
        }
    }

    /// Readers and autovacuum, whose analyze holds SHARE UPDATE EXCLUSIVE; the last three keep writers out.
    @Test(
        "a lock on the outbox that is not a writer's delays nothing",
        arguments: [
            "access share", "row share", "share update exclusive", "share", "share row exclusive", "exclusive",
        ])
    func ignoresOtherLocks(mode: String) async throws {
        let harness = try await RelayHarness()
        try await harness.leaveDeadHole()
        try await harness.append(1)
        try await harness.withSessions { holder, _ in
            try await holder.run("begin; lock table outbox in \(mode) mode")
            try await harness.withRelayAndBystander { try await harness.streamEqualsLedger() }
            try await holder.rollback()
        }
        #expect(harness.streamPositions == [2])
    }

    @Test("a writer that waits for its lock has no position, and delays nothing")
    func ignoresWaitingWriter() async throws {
        let harness = try await RelayHarness()
        try await harness.leaveDeadHole()
        try await harness.append(1)
        let steps = StepLog()
        try await harness.withSessions { holder, writer in
            let backend = try await writer.processID
            steps.next(.tailRead) {
                try await eventually("the writer waits") { try await harness.isBlocked(backend) }
            }
            try await holder.run("begin; lock table outbox in share mode")
            try await harness.withRelayAndBystander(steps) {
                async let append = writer.append("waiting")
                try await eventually("the dead hole is passed") { harness.streamPositions == [2] }
                #expect(steps.isDone)
                try await holder.rollback()
                _ = try await append
                try await harness.streamEqualsLedger()
            }
        }
        #expect(harness.streamPositions == [2, 3])
    }

    @Test("a writer of another database's outbox delays nothing")
    func ignoresOtherDatabases() async throws {
        let (harness, other) = (try await RelayHarness(), try await RelayHarness())
        try await harness.leaveDeadHole()
        try await harness.append(1)
        try await other.withSessions { writer, _ in
            try await writer.begin()
            try await writer.append("elsewhere")
            try await harness.withRelayAndBystander { try await harness.streamEqualsLedger() }
            try await writer.rollback()
        }
    }

    @Test("a transaction that is prepared after the relay noted it is still waited for", arguments: [true, false])
    func followsPreparation(isCommitted: Bool) async throws {
        let harness = try await RelayHarness()
        let steps = StepLog()
        let name = harness.database.name
        try await harness.withSessions { early, late in
            try await harness.withRelayAndBystander(steps) {
                try await early.begin()
                try await early.append("early")
                try await late.append("late")
                try await eventually("the holder is noted") { steps.count(.holdersAsked) == 1 }
                try await early.run("prepare transaction '\(name)'")
                // The session goes on, under the same number of its backend.
                try await early.begin()
                try await early.append("early", 2)
                try await early.commit()
                try await steps.rounds()
                #expect(harness.streamPositions.isEmpty)
                try await late.run("\(isCommitted ? "commit" : "rollback") prepared '\(name)'")
                try await harness.streamEqualsLedger()
                #expect(harness.streamPositions == (isCommitted ? [1, 2, 3] : [2, 3]))
            }
        }
    }
}
