public import Logging
import ServiceLifecycle

/// Looks at something at a regular pace until the service stops. A look that fails is followed by the next one; that is
/// logged once an outage.
public struct RegularLook: Sendable {
    private let interval: Duration
    private let logger: Logger
    private let failureMessage: Logger.Message

    /// - Parameters:
    ///   - interval: the pause between two looks.
    ///   - failureMessage: what the log says at the first look of an outage; static.
    public init(every interval: Duration, logger: Logger, failureMessage: Logger.Message) {
        self.interval = interval
        self.logger = logger
        self.failureMessage = failureMessage
    }

    /// Returns when the service is told to stop or the task is cancelled.
    /// - Parameters:
    ///   - state: what the first look gets.
    ///   - look: gets what the look before it returned; one that fails leaves it as it was.
    public func run<State: Sendable>(
        _ state: State, _ look: @escaping @Sendable (State) async throws -> State
    ) async {
        await cancelWhenGracefulShutdown {
            var state = state
            var isInterrupted = false
            while !Task.isCancelled {
                do {
                    state = try await look(state)
                    isInterrupted = false
                } catch {
                    if !isInterrupted && !Task.isCancelled {
                        logger.warning(failureMessage, metadata: [LogKey.error: "\(error)"])
                    }
                    isInterrupted = true
                }
                // The pace; cancellation ends it and the loop.
                try? await Task.sleep(for: interval)
            }
        }
    }
}
