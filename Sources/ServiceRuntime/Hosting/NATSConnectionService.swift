public import JetStream
public import Logging
public import ServiceLifecycle

/// Keeps a NATS connection as long as the services around it run, logs what happens to it, and drains it at the end.
/// It goes first in its group, so that it is stopped last.
public struct NATSConnectionService: Service {
    private let connection: NATSConnection
    private let drainTimeout: Duration
    private let logger: Logger

    /// - Parameter drainTimeout: how long the end may wait for a server that does not answer.
    public init(_ connection: NATSConnection, drainTimeout: Duration = .seconds(10), logger: Logger) {
        self.connection = connection
        self.drainTimeout = drainTimeout
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            for await event in connection.events() { log(event) }
        }
        try? await gracefulShutdown()
        await connection.drain(timeout: drainTimeout)
    }

    private func log(_ event: NATSConnectionEvent) {
        switch event {
        case .connected(let url):
            logger.info("NATS connected", metadata: [LogKey.address: "\(url)"])
        case .reconnected(let url):
            logger.notice("NATS connected again", metadata: [LogKey.address: "\(url)"])
        case .disconnected(let reason):
            logger.warning("NATS connection lost, trying again", metadata: [LogKey.error: "\(reason)"])
        case .error(let error):
            logger.warning("NATS reported an error", metadata: [LogKey.error: "\(error)"])
        case .closed:
            logger.info("NATS connection closed")
        }
    }
}
