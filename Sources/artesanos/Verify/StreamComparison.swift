import Composition
import Outbox
import ServiceRuntime

/// One ledger beside its stream, message by message: by numbers alone a foreign message could pass for the event whose
/// place it took.
struct StreamComparison: Sendable {
    private let service: ServiceName
    private let system: SystemView
    private var stream: String { service.stream }

    static func run(_ service: ServiceName, in system: SystemView) async throws -> Suspects {
        try await StreamComparison(service: service, system: system).compare()
    }

    private func compare() async throws -> Suspects {
        let check = ReplicaCheck(service, pool: try system.pool(service), context: system.context)
        do {
            let (_, retention) = try await check.scan.extent()
            let report = try await check.run(from: nil, to: nil) { _ in }
            // What a stream drops by number or bytes nobody copies again.
            let differences = report.differences.filter { retention != .other || $0.kind != .lostBeginning }
            return Suspects(differences.map(suspect))
        } catch is BrokerNotSetUp {
            return Suspects([Suspect(key: stream, what: "the stream \(stream) is not there")])
        }
    }

    private func suspect(_ difference: ReplicaDifference) -> Suspect {
        let place = difference.position.map { "position \($0)" } ?? "message \(difference.sequence ?? 0)"
        let row = difference.position.map {
            CheckQuery(service, "select position, subject, event from outbox where position = \($0)")
        }
        return Suspect(
            key: "\(stream) \(difference.kind.rawValue) \(place)",
            what: "\(stream): \(difference.kind.rawValue): \(place): \(difference.what)",
            queries: [row, CheckQuery(service, "select * from outbox_cursor")].compactMap { $0 })
    }
}
