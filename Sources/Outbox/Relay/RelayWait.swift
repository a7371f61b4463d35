import Metrics
import Synchronization

/// What a relay waits for. The names are values of the metric's label `reason`: they are API.
enum RelayWait: String, CaseIterable, Sendable {
    /// An open transaction that may still fill a hole in the positions.
    case gap
    /// The broker takes nothing.
    case broker
    /// The database does not answer.
    case database
    /// Another process leads.
    case standby
}

/// Shows which of them it is: one gauge each, 1 for the one that holds.
final class RelayWaitGauges: Sendable {
    private let gauges: [RelayWait: Gauge]
    private let current = Mutex<RelayWait?>(nil)

    init(labels: [(String, String)]) {
        gauges = Dictionary(
            uniqueKeysWithValues: RelayWait.allCases.map { reason in
                let gauge = Gauge(label: "outbox_relay_wait", dimensions: labels + [("reason", reason.rawValue)])
                gauge.record(0)
                return (reason, gauge)
            })
    }

    /// - Parameter reason: nil: it works, or there is nothing to do.
    func show(_ reason: RelayWait?) {
        current.withLock { current in
            guard current != reason else { return }
            if let current { gauges[current]?.record(0) }
            if let reason { gauges[reason]?.record(1) }
            current = reason
        }
    }
}
