import Composition
import JetStream
import Foundation
import Postgres
import ServiceRuntime

/// Which orders are at rest: all their events are applied. What the services hold of the others need not agree yet.
struct OrderFlight: Sendable {
    private let system: SystemView
    /// By consumer; nil until they are needed.
    private var filters: [String: [SubjectPattern]]?

    init(_ system: SystemView) {
        self.system = system
    }

    /// Of these orders those at rest, each with all its events.
    mutating func atRest(_ orders: [UUID]) async throws -> [UUID: Set<UUID>] {
        let filters = try await knownFilters()
        let keys = orders.map { $0.uuidString.lowercased() }
        var events = Dictionary(orders.map { ($0, Set<UUID>()) }) { first, _ in first }
        for source in ServiceName.allCases {
            var ledger: [(order: UUID, event: UUID, subject: String)] = []
            for row in try await system.pool(source).query(VerifySQL.eventsOfOrders, keys) {
                let (order, event, subject) = try row.decode(UUID.self, UUID.self, String.self)
                ledger.append((order, event, subject))
                events[order]?.insert(event)
            }
            for consumer in system.consumers where consumer.source == source {
                let patterns = filters[consumer.name] ?? []
                let awaited = ledger.filter { entry in patterns.contains { $0.matches(entry.subject) } }
                guard !awaited.isEmpty else { continue }
                let unapplied = Set(
                    try await system.pool(consumer.owner)
                        .query(VerifySQL.unapplied, consumer.name, awaited.map { $0.event })
                        .map { try $0.get(0, as: UUID.self) })
                for entry in awaited where unapplied.contains(entry.event) { events[entry.order] = nil }
            }
        }
        return events
    }

    private mutating func knownFilters() async throws -> [String: [SubjectPattern]] {
        if let filters { return filters }
        var known: [String: [SubjectPattern]] = [:]
        for consumer in system.consumers {
            let configuration = try await system.context.consumerInfo(
                stream: consumer.source.stream, consumer.name
            ).configuration
            known[consumer.name] = (configuration.filterSubjects ?? [configuration.filterSubject ?? ">"])
                .map(SubjectPattern.init)
        }
        filters = known
        return known
    }
}
