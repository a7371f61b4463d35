import Logging
import Postgres
import Synchronization

@testable import Outbox

/// One ledger's way into one stream under mishaps that a seed decides: the relay dies at any step, the broker loses,
/// repeats, delays and refuses batches, is cut off in the middle of one, and forgets its tail or the whole stream. What
/// a dead relay had on its way arrives later, in part, or never.
///
/// One relay runs at a time and everything it meets is drawn from the seed, so a failing seed fails again.
final class CrashSimulation: Sendable {
    /// The relay's process is gone.
    private struct Death: Error {}

    private struct Progress {
        /// Steps until the relay dies; nil: it does not.
        var stepsLeft: Int?
        var rounds = 0
        var isPoisonDeadLettered = false
    }

    /// Whether nothing disturbs any more.
    private final class Calm: Sendable {
        let isOn = Atomic(false)
    }

    let seed: UInt64
    private let stream: String
    private let random: SeededRandom
    private let broker: InMemoryBroker
    private let reader: LedgerReader
    private let configuration: RelayConfiguration
    /// What the stream has to be in the end: the ledger without the poisoned row.
    private let expected: [Int64]
    private let poison: Int64?
    private let progress = Mutex(Progress())
    private let calm: Calm
    /// Whether the stream's beginning is purged now and then.
    private let purges: Bool

    init(seed: UInt64, connection: PostgresConnection, ledger: [Int64], purges: Bool = false) {
        self.seed = seed
        self.purges = purges
        let random = SeededRandom(seed: seed)
        self.random = random
        let stream = "\(purges ? "purged" : "stream")-\(seed)"
        self.stream = stream
        reader = LedgerReader(connection: connection, stream: stream)
        var configuration = RelayConfiguration(
            stream: stream, database: PostgresConfiguration(""), batchSize: 1 + random.next(7),
            batchesInFlight: 1 + random.next(4))
        configuration.streamPoll = .zero
        self.configuration = configuration
        let poison = random.next(4) == 0 ? ledger[random.next(ledger.count)] : nil
        self.poison = poison
        expected = ledger.filter { $0 != poison }
        let calm = Calm()
        self.calm = calm
        broker = InMemoryBroker { _, batch in
            if let index = batch.firstIndex(where: { $0.position == poison }) { return .unacceptable(index: index) }
            return calm.isOn.load(ordering: .relaxed) ? .none : Self.fault(batch.count, random)
        }
    }

    private static func fault(_ count: Int, _ random: SeededRandom) -> InMemoryBroker.Fault {
        switch random.next(20) {
        case 0: .lost
        case 1: .storedButUnacknowledged(first: random.next(count + 1))
        case 2: .duplicated
        case 3: .refused(index: random.next(count), .unavailable("full"))
        case 4: .refused(index: random.next(count), .wrongSequence)
        case 5: .delayed(first: random.next(count))
        case 6...12: .delayed(first: count)
        default: .none
        }
    }

    /// Lives of the relay until the last, which nothing disturbs.
    /// - Returns: what is wrong, and how many lives there were.
    func run() async throws -> (failure: String?, lives: Int) {
        let lives = 2 + random.next(4)
        for life in 1...lives {
            let isLast = life == lives
            calm.isOn.store(isLast, ordering: .relaxed)
            progress.withLock { progress in
                progress.stepsLeft = isLast ? nil : random.next(40)
                progress.rounds = 0
            }
            do {
                try await RelayStep.$observer.withValue({ [self] step in try meet(step) }) {
                    try await live()
                }
            } catch is Death {}
            if let failure = failure() { return ("in life \(life): \(failure)", life) }
            if !isLast { befall() }
        }
        return (try await ending(), lives)
    }

    /// Leads until everything is stored, or for so many rounds.
    private func live() async throws {
        repeat {
            var run = RelayRun(
                reader: reader, broker: broker, configuration: configuration, metrics: RelayMetrics(stream: stream),
                logger: .quiet, wakeup: Wakeup())
            _ = try await run.relay(goesOn: goesOn, progressed: {})
        } while goesOn()
    }

    private func goesOn() -> Bool {
        let isComplete = purges ? isWhole : positions.count == expected.count
        return progress.withLock { progress in
            progress.rounds += 1
            return progress.rounds < 300 && !(isComplete && (poison == nil || progress.isPoisonDeadLettered))
        }
    }

    /// What happens at a step.
    private func meet(_ step: RelayStep) throws {
        if step == .deadLettered { progress.withLock { $0.isPoisonDeadLettered = true } }
        guard !calm.isOn.load(ordering: .relaxed) else { return }
        let dies = progress.withLock { progress -> Bool in
            progress.stepsLeft? -= 1
            return progress.stepsLeft.map { $0 < 0 } ?? false
        }
        if dies { throw Death() }
        switch random.next(60) {
        case 0...3: broker.arrive(1 + random.next(2))
        case 4: broker.loseTail(of: stream, count: 1 + random.next(6), keepsDedupe: random.next(2) == 0)
        case 5: broker.forgetMessageIDs(of: stream)
        case 6 where purges: broker.purge(stream, count: random.next(3) == 0 ? .max : 1 + random.next(12))
        default: break
        }
    }

    /// What happens between two lives. What is on its way may stay there, and arrive while the next relay works.
    private func befall() {
        switch random.next(4) {
        case 0: broker.arrive()
        case 1: broker.arrive(1)
        case 2: broker.loseUnderway()
        default: break
        }
        if purges, random.next(3) == 0 {
            broker.purge(stream, count: random.next(3) == 0 ? .max : 1 + random.next(12))
        }
        switch random.next(12) {
        case 0, 1: broker.loseTail(of: stream, count: 1 + random.next(12), keepsDedupe: random.next(2) == 0)
        case 2: broker.recreate(stream)
        case 3: broker.forgetMessageIDs(of: stream)
        default: break
        }
    }

    private var positions: [Int64] { broker.messages(in: stream).map(\.message.position) }

    /// With purges: behind its last seam the stream ends as the ledger does, and every event is there.
    private var isWhole: Bool { Set(positions) == Set(expected) && positions.last == expected.last }

    /// At every moment the stream is the ledger's beginning; with purges, each of its stretches is a stretch of the
    /// ledger.
    private func failure() -> String? {
        let positions = positions
        if purges {
            for (position, next) in zip(positions, positions.dropFirst()) where next > position {
                guard expected.firstIndex(of: next) == (expected.firstIndex(of: position) ?? -2) + 1 else {
                    return "\(next) follows \(position) in \(positions)"
                }
            }
            return nil
        }
        return positions == Array(expected.prefix(positions.count))
            ? nil : "the stream is \(positions), the ledger \(expected)"
    }

    private func ending() async throws -> String? {
        if let failure = failure() { return failure }
        if purges { return isWhole ? nil : "the stream is \(positions), the ledger \(expected)" }
        guard positions == expected else { return "the stream ends at \(positions.last ?? 0), the ledger \(expected)" }
        // What arrives late finds its place taken.
        broker.arrive()
        guard positions == expected else { return "a late batch was stored: \(positions)" }
        let dead = try await reader.skipped(after: 0)
        guard dead == Set([poison].compactMap { $0 }) else { return "dead letters: \(dead)" }
        guard let cursor = try await reader.cursor() else { return "there is no cursor" }
        // The poisoned row may be the last: the cursor is written behind the last that was stored.
        guard cursor.sequence == expected.count, cursor.position == expected.last else {
            return "the cursor is \(cursor)"
        }
        return nil
    }
}
