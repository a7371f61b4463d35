public import Logging
import Metrics
import Postgres
public import ServiceLifecycle
import Synchronization

/// Copies one ledger to one stream: everything, once, in order (promises D2 to D5, D8, D9).
///
/// The stream's own last message tells how far it got; each message is accepted only at its one place. So nothing has to
/// be remembered: whatever crashes, the next run reads the tail and goes on.
public final class Relay: Service {
    private let configuration: RelayConfiguration
    private let broker: any RelayBroker
    private let wakeup: Wakeup
    private let logger: Logger
    private let metrics: RelayMetrics
    private let isStopping = Atomic(false)
    /// Ends the pauses after a failure. Hints must not: they would turn an outage into a busy loop.
    private let stop = Wakeup()

    /// - Parameters:
    ///   - configuration: which ledger to which stream, and how.
    ///   - broker: where the stream is.
    ///   - wakeup: notified when there may be new rows; without it the relay polls.
    public init(configuration: RelayConfiguration, broker: any RelayBroker, wakeup: Wakeup = Wakeup(), logger: Logger) {
        self.configuration = configuration
        self.broker = broker
        self.wakeup = wakeup
        var logger = logger
        logger[metadataKey: "stream"] = "\(configuration.stream)"
        self.logger = logger
        self.metrics = RelayMetrics(stream: configuration.stream)
    }

    /// Relays until the task is cancelled or the service group shuts down gracefully: then what is in flight is waited
    /// for, and the cursor written, within ``RelayConfiguration/stopGrace``. Cutting that short loses nothing.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.work() }
                group.addTask { [configuration] in
                    // What a broker or a database that is away never answers is not waited for.
                    guard (try? await gracefulShutdown()) != nil else { return }
                    try? await Task.sleep(for: configuration.stopGrace)
                }
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.isStopping.store(true, ordering: .relaxed)
            self.wakeup.notify()
            self.stop.notify()
        }
    }

    private var goesOn: Bool { !isStopping.load(ordering: .relaxed) && !Task.isCancelled }

    private func work() async {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
        var isInterrupted = false
        while goesOn {
            do {
                try await standByThenLead {
                    backoff.reset()
                    isInterrupted = false
                }
            } catch {
                guard goesOn else { return }
                // Said once an outage, however long it lasts.
                if !isInterrupted {
                    logger.warning("relay interrupted, will go on", metadata: ["error": "\(error)"])
                }
                isInterrupted = true
                metrics.wait.show(.database)
                await stop.wait(upTo: backoff.next())
            }
        }
    }

    /// Waits for the ledger's lock on a connection used for nothing else, then leads for as long as it is held. The
    /// lock spares two relays the work of refusing each other; that they cannot harm each other is the fence's doing.
    private func standByThenLead(_ connected: () -> Void) async throws {
        try await withConnection(RelayLock.lockSession(configuration.database)) { lock in
            connected()
            while try await !lock.tryAdvisoryLock(RelayLock.key(stream: configuration.stream)) {
                guard goesOn else { return }
                metrics.wait.show(.standby)
                await stop.wait(upTo: configuration.standbyPoll)
            }
            try await RelayStep.locked.passed()
            metrics.isLeader.record(1)
            metrics.wait.show(nil)
            defer { metrics.isLeader.record(0) }
            logger.info("relay leads")
            try await withConnection(RelayLock.session(configuration.database)) { connection in
                try await lead(on: connection, holding: lock)
            }
        }
    }

    private func lead(on connection: PostgresConnection, holding lock: PostgresConnection) async throws {
        let reader = LedgerReader(connection: connection, stream: configuration.stream)
        var backoff = Backoff(base: .milliseconds(20), cap: .seconds(1))
        var outage = Outage()
        while goesOn && !lock.isClosed {
            var run = RelayRun(
                reader: reader, broker: broker, configuration: configuration, metrics: metrics, logger: logger,
                wakeup: wakeup)
            let end = try await run.relay(goesOn: { goesOn && !lock.isClosed }) {
                backoff.reset()
                if outage.end() { logger.info("broker takes events again") }
            }
            switch end {
            case .stopped: return
            case .again: continue
            case .waitForBroker(let reason):
                if outage.isNew(reason) {
                    logger.warning("broker takes nothing, will try again", metadata: ["error": "\(reason)"])
                }
                metrics.wait.show(.broker)
                await stop.wait(upTo: backoff.next())
            }
        }
    }

    /// What was said of an outage: each reason once, however long it lasts. The first one need not be the one that counts,
    /// such as a time-out before the server's word on permissions.
    private struct Outage {
        private static let mostReasons = 5
        private var reasons: Set<String> = []

        mutating func isNew(_ reason: String) -> Bool {
            reasons.count < Self.mostReasons && reasons.insert(reason).inserted
        }

        /// - Returns: whether there was one.
        mutating func end() -> Bool {
            defer { reasons = [] }
            return !reasons.isEmpty
        }
    }

    private func withConnection(
        _ configuration: PostgresConfiguration, _ body: (PostgresConnection) async throws -> Void
    ) async throws {
        let connection = try await PostgresConnection.connect(configuration)
        do {
            try await body(connection)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

/// The session-level pieces of leading.
enum RelayLock {
    /// The advisory lock of a stream's relay, by FNV-1a of its name, in a range of our own.
    static func key(stream: String) -> Int64 {
        let hash = stream.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        return Int64(bitPattern: hash) ^ 0x6F75_7462_6F78
    }

    /// The session that holds the lock. The server ends it, and so gives the lock to a standby, within seconds when the
    /// leader's host vanished without a word; by Linux's own settings that takes two hours. (A leader that was only
    /// killed is noticed at once.) Too short does no harm: who loses the lock by mistake asks for it again.
    static func lockSession(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var session = configuration
        session.settings.merge(
            [
                "tcp_keepalives_idle": "2", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "3",
                "tcp_user_timeout": "5000",
            ]
        ) { given, _ in given }
        return session
    }

    /// A session that reads by the primary key whatever the statistics say (a plan made while the table was empty
    /// doubles the latency), and whose only writes, cursor and dead letters, need no flush of their own: the stream's
    /// tail is the truth, and a dead letter that is lost is found again. The gap rule needs a snapshot for each
    /// statement, taken after the lock holders were read: with a stricter default of the database both would share one.
    static func session(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var session = configuration
        session.settings.merge(
            [
                "enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off",
                "synchronous_commit": "off", "plan_cache_mode": "force_generic_plan",
                "default_transaction_isolation": "read committed",
            ]
        ) { _, ours in ours }
        return session
    }
}
