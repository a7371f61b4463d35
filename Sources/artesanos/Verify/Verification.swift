import Composition
import Foundation
import Postgres

/// Looks at the invariants of a system, which may be at work while it is looked at.
///
/// What a look finds may only be on its way: an order is confirmed a moment before its stock is taken off the shelf. So
/// what is found is looked at again, and only what every look has found counts: until nothing is left, or nothing was on
/// its way before a look, or the time of grace is over. An order of which events are still on their way does not count
/// at all: ``OrderLook``.
struct Verification: Sendable {
    let system: SystemView
    var checks = SystemCheck.all
    /// How long something may be on its way.
    var grace: Duration = .seconds(5)
    /// Between two looks.
    var pause: Duration = .milliseconds(250)

    private enum Finding {
        case suspects(Suspects)
        case failed(any Error)

        var isClean: Bool {
            if case .suspects(let suspects) = self { suspects.isEmpty } else { false }
        }
        var suspects: Suspects? {
            if case .suspects(let suspects) = self { suspects } else { nil }
        }
    }

    func run() async throws -> VerificationReport {
        let started = ContinuousClock.now
        let backlog = try? await Backlog.read(system)
        var findings = await look(at: checks)
        let end = ContinuousClock.now + grace
        var quietLooks = 0
        while true {
            let doubtful = checks.filter { findings[$0.name]?.suspects?.isEmpty == false }
            guard !doubtful.isEmpty, quietLooks < 2, ContinuousClock.now < end else { break }
            // What was quiet before a look can have changed nothing during it.
            let wasQuiet = try await Backlog.read(system).isQuiet
            try await Task.sleep(for: pause)
            let again = await look(at: doubtful)
            for check in doubtful {
                guard let first = findings[check.name]?.suspects, let later = again[check.name]?.suspects else {
                    continue
                }
                findings[check.name] = .suspects(first.confirmed(by: later))
            }
            quietLooks = wasQuiet ? quietLooks + 1 : 0
        }
        return report(findings, backlog: backlog, took: ContinuousClock.now - started)
    }

    // MARK: Looking

    private func look(at checks: [SystemCheck]) async -> [String: Finding] {
        var findings: [String: Finding] = [:]
        var rules: [(name: String, rule: OrderLook.Rule)] = []
        var comparisons: [SystemCheck] = []
        for check in checks {
            switch check.look {
            case .rows(let services, let statement):
                findings[check.name] = await finding {
                    var suspects = Suspects()
                    for service in services {
                        let rows = try await system.pool(service).query(statement, Int64(Suspects.limit))
                        let total = try rows.first?.get(2, as: Int64.self) ?? 0
                        suspects.add(
                            try rows.map {
                                Suspect(
                                    key: try $0.get(0), what: "\(service.rawValue): \(try $0.get(1, as: String.self))")
                            },
                            of: Int(total))
                    }
                    return suspects
                }
            case .orders(let rule): rules.append((check.name, rule))
            case .consumers: comparisons.append(check)
            case .streams:
                findings[check.name] = await finding {
                    var suspects = Suspects()
                    for service in system.pools.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
                        suspects.add(try await StreamComparison.run(service, in: system))
                    }
                    return suspects
                }
            }
        }
        await lookAtOrders(rules, &findings)
        await lookAtConsumers(comparisons, &findings)
        return findings
    }

    /// One walk for all rules.
    private func lookAtOrders(
        _ rules: [(name: String, rule: OrderLook.Rule)], _ findings: inout [String: Finding]
    ) async {
        guard !rules.isEmpty else { return }
        var look = OrderLook(rules.map { $0.rule })
        var flight = OrderFlight(system)
        do {
            let walk = OrderWalk(system: system)
            try await walk.run { page in
                try await look.look(at: page.accounts) {
                    try await walk.read(again: page)
                } atRest: {
                    try await flight.atRest($0)
                }
            }
            for (index, rule) in rules.enumerated() { findings[rule.name] = .suspects(look.suspects[index]) }
        } catch {
            for rule in rules { findings[rule.name] = .failed(error) }
        }
    }

    /// One comparison a consumer for all that ask for one.
    private func lookAtConsumers(_ checks: [SystemCheck], _ findings: inout [String: Finding]) async {
        guard !checks.isEmpty else { return }
        var suspects = checks.map { _ in Suspects() }
        do {
            for consumer in system.consumers {
                let comparison = try await ConsumerComparison.run(consumer, in: system)
                for (index, check) in checks.enumerated() {
                    if case .consumers(let side) = check.look { suspects[index].add(side(comparison)) }
                }
            }
            for (index, check) in checks.enumerated() { findings[check.name] = .suspects(suspects[index]) }
        } catch {
            for check in checks { findings[check.name] = .failed(error) }
        }
    }

    private func finding(_ look: () async throws -> Suspects) async -> Finding {
        do { return .suspects(try await look()) } catch { return .failed(error) }
    }

    // MARK: Reporting

    private func report(
        _ findings: [String: Finding], backlog: Backlog?, took time: Duration
    ) -> VerificationReport {
        VerificationReport(
            checks: checks.map { check in
                switch findings[check.name] {
                case .suspects(let suspects)?: CheckReport(check, suspects)
                case .failed(let error)?: CheckReport(check, error: "\(error)")
                case nil: CheckReport(check, error: "was not looked at")
                }
            }, backlog: backlog, seconds: time / .seconds(1))
    }
}
