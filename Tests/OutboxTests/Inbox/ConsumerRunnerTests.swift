import Foundation
import Logging
import Outbox
import Postgres
import Schema
import Synchronization
import TestSupport
import Testing

@Suite("Consumer")
struct ConsumerRunnerTests {
    /// Writes each event's number into a table, and does what the test says before.
    struct Recorder: EventHandler {
        let before: @Sendable (Int, PostgresTransaction) async throws -> HandlerOutcome

        func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
            let number = try event.data([String: Int].self)["number"] ?? -1
            let outcome = try await before(number, transaction)
            if outcome == .applied {
                try await transaction.query(
                    Statement("insert into effect (aggregate, number) values ($1::text, $2::int)")
                        .bind(event.aggregateID, number))
            }
            return outcome
        }
    }

    struct Setting {
        let pool: PostgresPool
        let broker = FakeBroker()
        let consumer: ConsumerDefinition

        init(
            maxAttempts: Int = 3, batchSize: Int = 10,
            before: @escaping @Sendable (Int, PostgresTransaction) async throws -> HandlerOutcome = { _, _ in .applied }
        ) async throws {
            pool = try await TestDatabase.make(SchemaCatalog.outbox).pool(size: 4)
            try await pool.query("create table effect (id serial, aggregate text, number int)")
            consumer = ConsumerDefinition(
                name: "test-consumer", stream: "orders", types: ["t.v1"], handler: Recorder(before: before),
                batchSize: batchSize, maxAttempts: maxAttempts, retryBase: .milliseconds(1), retryCap: .milliseconds(2))
        }

        func event(_ aggregate: String, _ number: Int, type: String = "t.v1") throws -> OutboxEvent {
            try OutboxEvent(
                type: type, aggregateType: "order", aggregateID: aggregate, source: "/test", data: ["number": number])
        }

        func put(_ aggregate: String, _ number: Int) throws {
            broker.put(try event(aggregate, number), sequence: UInt64(number))
        }

        func effects(_ aggregate: String? = nil) async throws -> [Int] {
            try await pool.query(
                Statement(
                    "select number from effect where $1::text is null or aggregate = $1::text order by id"
                ).bind(aggregate)
            ).map { Int(try $0.get(0, as: Int32.self)) }
        }

        func run(until what: String, _ condition: @Sendable @escaping () async throws -> Bool) async throws {
            let runner = ConsumerRunner(consumer, broker: broker, pool: pool, logger: .quiet)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await runner.run() }
                try await eventually(what, condition)
                group.cancelAll()
            }
        }
    }

    @Test(
        "each event's effect is applied once, however often it is delivered, in one batch or in several",
        arguments: [1, 10])
    func appliesOnce(batchSize: Int) async throws {
        let setting = try await Setting(batchSize: batchSize)
        let event = try setting.event("a", 1)
        for sequence in 1...5 { setting.broker.put(event, sequence: UInt64(sequence)) }
        try await setting.run(until: "all is acknowledged") { setting.broker.isDone }
        #expect(try await setting.effects() == [1])
    }

    @Test("an event that cannot be applied is dead-lettered after its tries, and the others move on")
    func deadLetters() async throws {
        struct Poison: Error {}
        let setting = try await Setting { number, _ in
            if number == 2 { throw Poison() }
            return .applied
        }
        for number in 1...4 { try setting.put("aggregate-\(number)", number) }
        try await setting.run(until: "all is settled") { setting.broker.isDone }
        #expect(try await setting.effects().sorted() == [1, 3, 4])
        #expect(setting.broker.end(of: 2) == .terminated)
        let dead = try await setting.pool.query("select attempts, error, state from dead_letter").first
        let (attempts, error, state) = try #require(try dead?.decode(Int32.self, String.self, String.self))
        #expect(attempts == 3)
        #expect(error.contains("Poison"))
        #expect(state == "dead")
    }

    @Test("a dead letter that is re-driven is applied once")
    func redrives() async throws {
        struct Poison: Error {}
        let isMended = Mutex(false)
        let setting = try await Setting(maxAttempts: 1) { _, _ in
            if !isMended.withLock({ $0 }) { throw Poison() }
            return .applied
        }
        try setting.put("a", 1)
        try await setting.run(until: "it is dead-lettered") { setting.broker.end(of: 1) == .terminated }
        let letters = DeadLetters(pool: setting.pool, consumers: [setting.consumer])
        let letter = try #require(try await letters.list().first)
        await #expect(throws: Poison.self) { try await letters.redrive(letter.id) }
        #expect(try await letters.list().first?.attempts == 2)
        isMended.withLock { $0 = true }
        #expect(try await letters.redrive(letter.id) == .applied)
        #expect(try await letters.redrive(letter.id) == .notFound)
        #expect(try await setting.effects() == [1])
        #expect(try await letters.list().isEmpty)
    }

    @Test("a stream made anew counts from 1 again: what is put aside there is kept beside what was resolved before")
    func sequenceOfAnotherStream() async throws {
        let setting = try await Setting(maxAttempts: 1)
        let letters = DeadLetters(pool: setting.pool, consumers: [setting.consumer])
        let old = try setting.event("a", 1, type: "t.v2")
        setting.broker.put(old, sequence: 1)
        try await setting.run(until: "the old one is parked") { setting.broker.isDone }
        try await setting.pool.query("update dead_letter set state = 'resolved'")
        // The old one once more, and another one in its place.
        setting.broker.put(old, sequence: 1)
        try await setting.run(until: "the old one is known") { setting.broker.isDone }
        #expect(try await letters.list().isEmpty)
        let new = try setting.event("a", 2, type: "t.v2")
        setting.broker.put(new, sequence: 1)
        try await setting.run(until: "the new one is parked") { setting.broker.isDone }
        #expect(try await letters.list().map(\.eventID) == [new.id])
    }

    @Test("an event of a type that nobody knows is parked, not lost, and can be re-driven by who knows it")
    func parksUnknown() async throws {
        let setting = try await Setting()
        setting.broker.put(try setting.event("a", 1, type: "t.v2"), sequence: 1)
        try await setting.run(until: "it is acknowledged") { setting.broker.isDone }
        let letters = DeadLetters(pool: setting.pool, consumers: [setting.consumer])
        let letter = try #require(try await letters.list().first)
        #expect(letter.state == "parked")
        let newer = ConsumerDefinition(
            name: setting.consumer.name, stream: "orders", types: ["t.v1", "t.v2"], handler: setting.consumer.handler)
        #expect(try await DeadLetters(pool: setting.pool, consumers: [newer]).redrive(letter.id) == .applied)
        #expect(try await setting.effects() == [1])
    }

    @Test("events behind one that is tried again keep their aggregate's order; others overtake")
    func keepsAggregateOrder() async throws {
        struct NotYet: Error {}
        let failures = Mutex(0)
        let setting = try await Setting(maxAttempts: 10, batchSize: 3) { number, _ in
            if number == 1,
                failures.withLock({
                    $0 += 1; return $0
                }) < 6
            {
                throw NotYet()
            }
            return .applied
        }
        try setting.put("a", 1)
        try setting.put("b", 2)
        for number in 3...8 { try setting.put("a", number) }
        try await setting.run(until: "all is acknowledged") { setting.broker.isDone }
        #expect(try await setting.effects("a") == [1, 3, 4, 5, 6, 7, 8])
        #expect(try await setting.effects().first == 2)
    }

    @Test("a handler that fails leaves neither effect nor inbox row")
    func rollsBack() async throws {
        struct Late: Error {}
        let hasFailed = Mutex(false)
        let setting = try await Setting { number, transaction in
            try await transaction.query(
                Statement("insert into effect (aggregate, number) values ('before', $1::int)").bind(number + 100))
            if hasFailed.withLock({
                let had = $0; $0 = true; return !had
            }) {
                throw Late()
            }
            return .applied
        }
        try setting.put("a", 1)
        try await setting.run(until: "it is acknowledged") { setting.broker.isDone }
        #expect(try await setting.effects() == [101, 1])
    }

    @Test("what is no CloudEvent is dead-lettered at once")
    func deadLettersGarbage() async throws {
        let setting = try await Setting()
        let inbox = ConsumerRunner(setting.consumer, broker: GarbageBroker(), pool: setting.pool, logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await inbox.run() }
            try await eventually("it is kept") {
                try await setting.pool.query("select payload from dead_letter").first?.get(0, as: [UInt8].self)
                    == Array("garbage".utf8)
            }
            group.cancelAll()
        }
    }
}

/// Delivers one message that is no CloudEvent, then nothing.
private final class GarbageBroker: ConsumerBroker, ConsumerSubscription {
    private let isDelivered = Mutex(false)

    struct Garbage: Delivery {
        let subject = "t.v1"
        let payload = Array("garbage".utf8)
        let streamSequence: UInt64 = 1
        let deliveryCount = 1
        func acknowledge() {}
        func retry(after delay: Duration) {}
        func terminate(reason: String) {}
        func inProgress() {}
    }

    func subscription(stream: String, durable: String) async throws -> any ConsumerSubscription { self }

    func fetch(max: Int, wait: Duration) async throws -> [any Delivery] {
        if isDelivered.withLock({
            let was = $0; $0 = true; return !was
        }) {
            return [Garbage()]
        }
        await Wakeup().wait(upTo: wait)
        return []
    }
}
