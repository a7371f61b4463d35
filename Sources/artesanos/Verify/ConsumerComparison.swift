import Composition
import Foundation
import JetStream
import Postgres
import ServiceRuntime

/// One consumer's inbox beside the ledger that feeds it.
struct ConsumerComparison: Sendable {
    /// Acknowledged, and neither applied nor put aside.
    private(set) var unapplied = Suspects()
    /// Applied, and not in the ledger.
    private(set) var unknown = Suspects()

    private let consumer: SystemView.Consumer
    private let system: SystemView
    private let filters: [SubjectPattern]
    /// The positions of what was acknowledged, as far as the stream still has it; nil for none.
    private let acknowledged: ClosedRange<Int64>?

    /// What is acknowledged is read first, then the inbox, then the ledger: an event is written to them in the opposite
    /// order, so that what is on its way is not taken for lost.
    static func run(_ consumer: SystemView.Consumer, in system: SystemView) async throws -> ConsumerComparison {
        let info = try await system.context.consumerInfo(stream: consumer.source.stream, consumer.name)
        let stream = consumer.source.stream
        let state = try await system.context.streamInfo(stream).state
        var acknowledged: ClosedRange<Int64>?
        let last = min(info.ackFloor.stream, state.lastSequence)
        if state.messages > 0, last >= state.firstSequence,
            let from = try await system.position(stream: stream, sequence: state.firstSequence),
            let to = try await system.position(stream: stream, sequence: last), from <= to
        {
            acknowledged = from...to
        }
        var comparison = ConsumerComparison(
            consumer: consumer, system: system,
            filters: (info.configuration.filterSubjects ?? [info.configuration.filterSubject ?? ">"])
                .map(SubjectPattern.init), acknowledged: acknowledged)
        try await comparison.compare()
        return comparison
    }

    private init(
        consumer: SystemView.Consumer, system: SystemView, filters: [SubjectPattern],
        acknowledged: ClosedRange<Int64>?
    ) {
        self.consumer = consumer
        self.system = system
        self.filters = filters
        self.acknowledged = acknowledged
    }

    private mutating func compare() async throws {
        let (ledgerPool, inboxPool) = (try system.pool(consumer.source), try system.pool(consumer.owner))
        let found = try await inboxPool.withTransaction(isolation: .repeatableRead, readOnly: true) { inbox in
            try await inbox.query(VerifySQL.openInbox, consumer.name)
            return try await ledgerPool.withTransaction(isolation: .repeatableRead, readOnly: true) { ledger in
                try await ledger.query(VerifySQL.openLedger)
                return try await differences(ledger, inbox)
            }
        }
        (unapplied, unknown) = found
    }

    private func differences(
        _ ledger: PostgresTransaction, _ inbox: PostgresTransaction
    ) async throws -> (unapplied: Suspects, unknown: Suspects) {
        let floor = try await ledger.query(VerifySQL.ledgerFloor).first?.get(0, as: UUID.self)
        var (unapplied, unknown) = (Suspects(), Suspects())
        var missing: [LedgerEntry] = []
        var merge = EventMerge()
        while true {
            switch merge.next() {
            case .needsLedger:
                merge.feed(
                    ledger: try await ledger.query(VerifySQL.readLedger).map {
                        LedgerEntry(id: try $0.get(0), position: try $0.get(1), subject: try $0.get(2))
                    })
            case .needsInbox:
                merge.feed(inbox: try await inbox.query(VerifySQL.readInbox).map { try $0.get(0) })
            case .onlyInLedger(let entry):
                guard acknowledged?.contains(entry.position) == true,
                    filters.contains(where: { $0.matches(entry.subject) })
                else { continue }
                missing.append(entry)
                if missing.count == 500 {
                    unapplied.add(try await withoutTrace(missing, ledger, inbox))
                    missing = []
                }
            case .onlyInInbox(let id):
                // Older than the ledger goes back, its partition was dropped.
                guard let floor, id >= floor else { continue }
                unknown.add(suspect(id, "applied by \(consumer.name), and not in the ledger of \(consumer.source)"))
            case .end:
                unapplied.add(try await withoutTrace(missing, ledger, inbox))
                return (unapplied, unknown)
            }
        }
    }

    /// Of these those that nobody put aside on the way.
    private func withoutTrace(
        _ entries: [LedgerEntry], _ ledger: PostgresTransaction, _ inbox: PostgresTransaction
    ) async throws -> Suspects {
        guard !entries.isEmpty else { return Suspects() }
        let aside = Set(
            try await inbox.query(VerifySQL.putAside, consumer.name, entries.map(\.id))
                .map { try $0.get(0, as: UUID.self) })
        let notRelayed = Set(
            try await ledger.query(VerifySQL.notRelayed, consumer.source.stream, entries.map(\.position))
                .map { try $0.get(0, as: Int64.self) })
        let lost = entries.filter { !aside.contains($0.id) && !notRelayed.contains($0.position) }
        return Suspects(
            lost.map { entry in
                suspect(
                    entry.id,
                    "\(entry.subject) at position \(entry.position): acknowledged by \(consumer.name), not applied")
            })
    }

    private func suspect(_ id: UUID, _ what: String) -> Suspect {
        let event = id.uuidString.lowercased()
        return Suspect(
            key: event, what: what,
            queries: [
                CheckQuery(consumer.source, "select position, subject, event from outbox where event_id = '\(event)'"),
                CheckQuery(
                    consumer.owner, "select * from inbox where consumer = '\(consumer.name)' and event_id = '\(event)'"),
            ])
    }
}
