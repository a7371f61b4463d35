/// Waiting for something that tells nobody: another program's file, or the end of a process that is not our child.
enum Polling {
    /// Asks every 10 ms until the answer is yes or the time is over. Short asynchronous sleeps are the only way here:
    /// the events come from foreign processes.
    /// - Returns: whether the answer was yes in time.
    static func wait(within limit: Duration, until condition: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(10))
        }
        return true
    }
}
