import Foundation

/// Waits until the condition holds: it is asked every 5 ms at first, every 50 ms later. For what happens in other
/// processes or on other tasks; what the test can await, it awaits.
/// - Parameters:
///   - what: what is waited for, for the failure's message.
///   - limit: how long at most, times `TEST_PATIENCE`: a machine that others share may stand still for seconds, and no
///     test is about how fast it is.
///   - condition: an error that it throws counts as "not yet", and is named if the time runs out.
/// - Throws: ``EventuallyError`` when the time is over, `CancellationError` when the test is cancelled.
public func eventually(
    _ what: String, within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
) async throws {
    let limit = limit * patience
    let start = ContinuousClock.now
    var pause = Duration.milliseconds(5)
    while true {
        var lastError: (any Error)?
        do {
            if try await condition() { return }
        } catch {
            lastError = error
        }
        try Task.checkCancellation()
        guard ContinuousClock.now - start < limit else {
            throw EventuallyError(what: what, limit: limit, lastError: lastError)
        }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(50))
    }
}

private let patience = ProcessInfo.processInfo.environment["TEST_PATIENCE"].flatMap(Int.init) ?? 1

/// Something did not happen in time.
public struct EventuallyError: Error, CustomStringConvertible {
    /// What was waited for.
    public let what: String
    public let limit: Duration
    /// What the condition threw when it was asked last.
    public let lastError: (any Error)?

    public var description: String {
        "not within \(limit): \(what)" + (lastError.map { "; last error: \($0)" } ?? "")
    }
}
