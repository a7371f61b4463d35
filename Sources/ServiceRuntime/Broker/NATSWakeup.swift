public import JetStream
public import Logging
public import Outbox
public import ServiceLifecycle
import Synchronization

/// Hints to the relay of a stream, as core NATS messages: a service sends one after its commits, the relay listens.
/// NOTIFY would do the same inside Postgres, but serialises commits.
public final class NATSWakeup: WakeupHint {
    private let connection: NATSConnection
    private let subject: String
    private let local: Wakeup?
    private let lastSent: Mutex<ContinuousClock.Instant?> = Mutex(nil)

    /// Hints this close together are one: a relay that was woken just now reads again within a millisecond anyway.
    private static let spacing = Duration.microseconds(250)

    /// - Parameters:
    ///   - connection: the service's; a hint that cannot be sent is dropped.
    ///   - stream: whose relay is to be woken.
    ///   - local: the relay's own signal, when it runs in this process: saves the way over the network.
    public init(_ connection: NATSConnection, stream: String, local: Wakeup? = nil) {
        self.connection = connection
        self.subject = Self.subject(stream)
        self.local = local
    }

    /// The subject of a stream's hints.
    public static func subject(_ stream: String) -> String { "outbox.hint.\(stream)" }

    public func notify() {
        if let local {
            local.notify()
            return
        }
        let now = ContinuousClock.now
        let isDue = lastSent.withLock { last in
            if let last, now - last < Self.spacing { return false }
            last = now
            return true
        }
        // A lost hint costs the polling interval, so it is not worth an error.
        if isDue { try? connection.publish(subject) }
    }
}

/// Listens for hints and wakes the relay of this process.
public struct NATSWakeupListener: Service {
    private let connection: NATSConnection
    private let stream: String
    private let wakeup: Wakeup
    private let logger: Logger

    /// - Parameters:
    ///   - stream: whose hints.
    ///   - wakeup: the relay's signal.
    public init(_ connection: NATSConnection, stream: String, wakeup: Wakeup, logger: Logger) {
        self.connection = connection
        self.stream = stream
        self.wakeup = wakeup
        self.logger = logger
    }

    /// Listens until the service group shuts down. Without a connection the relay polls, and this goes on with the next.
    public func run() async throws {
        do {
            let hints = try connection.subscribe(NATSWakeup.subject(stream))
            await cancelWhenGracefulShutdown {
                for await _ in hints { wakeup.notify() }
            }
        } catch {
            logger.warning(
                "no wake-up hints, the relay polls", metadata: [LogKey.stream: "\(stream)", LogKey.error: "\(error)"])
        }
        try? await gracefulShutdown()
    }
}
