import Composition
import JetStream
import Foundation
import Postgres
import ServiceRuntime

/// Whether events of an order are still on their way: then what the services hold of it need not agree yet.
struct OrderFlight: Sendable {
    private let system: SystemView
    private let filters: [String: [SubjectPattern]]

    init(_ system: SystemView) async throws {
        self.system = system
        var filters: [String: [SubjectPattern]] = [:]
        for consumer in system.consumers {
            let configuration = try await system.context.consumerInfo(
                stream: consumer.source.stream, consumer.name
            ).configuration
            filters[consumer.name] = (configuration.filterSubjects ?? [configuration.filterSubject ?? ">"])
                .map(SubjectPattern.init)
        }
        self.filters = filters
    }

    /// - Parameter order: its id in lower case, as the ledgers have it.
    func isUnderWay(_ order: String) async throws -> Bool {
        for consumer in system.consumers {
            let events = try await system.pool(consumer.source).query(VerifySQL.eventsOfOrder, order).compactMap {
                row in
                let subject = try row.get(2, as: String.self)
                let isAwaited = filters[consumer.name]?.contains { $0.matches(subject) } == true
                return isAwaited ? try row.get(0, as: UUID.self) : nil
            }
            guard !events.isEmpty else { continue }
            let unapplied = try await system.pool(consumer.owner).query(VerifySQL.unapplied, consumer.name, events)
            if !unapplied.isEmpty { return true }
        }
        return false
    }
}
