public import Logging
public import ServiceLifecycle
import UnixSignals

/// Runs services as a process: until one fails or a signal asks for the end.
///
/// SIGINT and SIGTERM lead to a graceful stop: the services end one after the other, the last of the list first. A
/// second signal, or the time being up, cancels what still runs.
public struct ProcessLifetime: Sendable {
    /// How long what was cancelled may take to end, before the process is given up with a trap.
    private static let cancellationTimeout = Duration.seconds(15)

    private let group: ServiceGroup
    private let logger: Logger

    /// - Parameters:
    ///   - services: stopped in the opposite order.
    ///   - shutdownTimeout: how long a graceful stop may take.
    public init(_ services: [any Service], shutdownTimeout: Duration, logger: Logger) {
        // Named by their types: a service's own description would put all that it holds into the log.
        let parts = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(service: $0, serviceName: "\(type(of: $0))")
        }
        var configuration = ServiceGroupConfiguration(services: parts, logger: logger)
        configuration.maximumGracefulShutdownDuration = shutdownTimeout
        configuration.maximumCancellationDuration = Self.cancellationTimeout
        self.group = ServiceGroup(configuration: configuration)
        self.logger = logger
    }

    /// Stops the services gracefully, as the first signal does.
    public func stop() async {
        await group.triggerGracefulShutdown()
    }

    /// Runs the services and, beside them, `body`. What `body` returns does not end the services; what it throws does.
    /// - Throws: what a service or `body` threw; `CancellationError` when a second signal cut the stop short.
    public func run(_ body: @escaping @Sendable () async throws -> Void = {}) async throws {
        // Before the services start: a signal that comes early is not to end the process without a stop.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: End.self) { tasks in
            tasks.addTask { [group] in
                try await group.run()
                return .services
            }
            tasks.addTask { try await self.watch(signals) }
            tasks.addTask {
                do {
                    try await body()
                } catch {
                    await self.stop()
                    return .body(error)
                }
                return .body(nil)
            }
            defer { tasks.cancelAll() }
            var failure: (any Error)?
            while let end = try await tasks.next() {
                switch end {
                case .services:
                    if let failure { throw failure }
                    return
                case .body(let error): failure = error
                case .secondSignal: throw CancellationError()
                }
            }
        }
    }

    private enum End: Sendable {
        case services
        case body((any Error)?)
        case secondSignal
    }

    private func watch(_ signals: UnixSignalsSequence) async throws -> End {
        var isStopping = false
        for await signal in signals {
            if isStopping {
                logger.warning("second signal, stopping at once", metadata: ["signal": "\(signal)"])
                return .secondSignal
            }
            isStopping = true
            logger.info("signal, stopping", metadata: ["signal": "\(signal)"])
            await stop()
        }
        // The sequence ends only with its task.
        throw CancellationError()
    }
}
