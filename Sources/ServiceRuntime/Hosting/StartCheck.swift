import Logging
import Postgres
import ServiceLifecycle

/// One thing without which a service must not start: not something that may become well by itself, which is what
/// ``ReadinessCheck`` is for.
public struct StartCheck: Sendable {
    /// Names the check in the log.
    public let name: String
    private let run: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - name: names the check in the log.
    ///   - run: returns when the service may start; throws ``StartRefused`` when it must not, and whatever kept it from
    ///     finding out.
    public init(name: String, run: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.run = run
    }

    /// Returns when the service may start. While the database is away, nobody can tell: it waits.
    /// - Throws: ``StartRefused``; `CancellationError` when it is stopped before.
    func pass(logger: Logger, pause: Duration = .seconds(1)) async throws {
        var isTold = false
        while true {
            do {
                return try await run()
            } catch let error as PostgresError where error.isTransient {
                if !isTold {
                    logger.warning(
                        "start waits for the database",
                        metadata: [LogKey.check: "\(name)", LogKey.error: "\(error)"])
                }
                isTold = true
            }
            try await Task.sleep(for: pause)
        }
    }
}

/// A service must not start, and why, and what to do about it.
public struct StartRefused: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
