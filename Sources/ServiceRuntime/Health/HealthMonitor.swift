import Metrics
import Synchronization

/// Knows whether a service is ready. Checks run when somebody asks, side by side, each for a bounded time, and their
/// result is used again for about a second.
public final class HealthMonitor: Sendable {
    private struct State {
        var isStopping = false
        var last: (report: HealthReport, at: ContinuousClock.Instant)?
    }

    private let checks: [ReadinessCheck]
    private let limit: Duration
    private let validity: Duration
    private let gauges: [String: Gauge]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - checks: what has to hold.
    ///   - service: the label of the metric `readiness_check_up`.
    ///   - limit: how long one check may take.
    ///   - validity: how long a result is used again.
    public init(
        _ checks: [ReadinessCheck], service: String, limit: Duration = .seconds(1), validity: Duration = .seconds(1)
    ) {
        self.checks = checks
        self.limit = limit
        self.validity = validity
        self.gauges = Dictionary(
            checks.map {
                ($0.name, Gauge(label: "readiness_check_up", dimensions: [("service", service), ("check", $0.name)]))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// From now on the service says that it is not ready, so that no new requests are sent to it.
    public func stop() {
        state.withLock { $0.isStopping = true }
    }

    /// Whether everything holds.
    public func isReady() async -> Bool { await report().status == .ready }

    func report() async -> HealthReport {
        let now = ContinuousClock.now
        let (isStopping, known) = state.withLock { ($0.isStopping, $0.last) }
        if isStopping { return HealthReport(status: .stopping, checks: []) }
        if let known, now - known.at < validity { return known.report }
        let results = await withTaskGroup(of: (Int, HealthReport.Check).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask { [limit] in (index, await Self.run(check, limit: limit)) }
            }
            var results = [HealthReport.Check?](repeating: nil, count: checks.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap { $0 }
        }
        for result in results { gauges[result.name]?.record(result.status == .up ? 1 : 0) }
        let report = HealthReport(
            status: results.allSatisfy { $0.status == .up } ? .ready : .notReady, checks: results)
        state.withLock { $0.last = (report, .now) }
        return report
    }

    private static func run(_ check: ReadinessCheck, limit: Duration) async -> HealthReport.Check {
        let start = ContinuousClock.now
        let error = await failure(of: check, limit: limit)
        return HealthReport.Check(
            name: check.name, status: error == nil ? .up : .down, error: error.map(Redaction.text),
            durationMs: ((ContinuousClock.now - start).milliseconds * 1_000).rounded() / 1_000)
    }

    private static func failure(of check: ReadinessCheck, limit: Duration) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    try await check.run()
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            group.addTask {
                // The check's time-out.
                do { try await Task.sleep(for: limit) } catch { return nil }
                return "no answer within \(DurationText.format(limit))"
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
