import Composition
import Foundation
import JetStream
import Outbox
import Postgres
import ServiceRuntime

/// One ledger beside its stream, by numbers: a stream that has as many messages between two positions as its ledger has
/// rows is a replica, because it is written in order and fenced. Where the numbers differ, event by event.
struct StreamComparison: Sendable {
    private let service: ServiceName
    private let system: SystemView
    private var stream: String { service.stream }

    static func run(_ service: ServiceName, in system: SystemView) async throws -> Suspects {
        try await StreamComparison(service: service, system: system).compare()
    }

    private func compare() async throws -> Suspects {
        if try await isOfSameLength() { return Suspects() }
        let check = ReplicaCheck(service, pool: try system.pool(service), context: system.context)
        do {
            let report = try await check.run(from: nil, to: nil) { _ in }
            return Suspects(report.differences.map(suspect))
        } catch is BrokerNotSetUp {
            return Suspects([Suspect(key: stream, what: "the stream \(stream) is not there")])
        }
    }

    /// The cursor is read first: it is written after the stream took what it names.
    private func isOfSameLength() async throws -> Bool {
        let pool = try system.pool(service)
        let cursor = try await pool.query(VerifySQL.cursor, stream).first?.get(0, as: Int64.self) ?? 0
        let state: StreamInfo.State
        do throws(JetStreamError) {
            state = try await system.context.streamInfo(stream).state
        } catch {
            guard error.kind == .streamNotFound else { throw error }
            return false
        }
        guard state.messages > 0 else { return cursor == 0 }
        guard let last = try await system.position(stream: stream, sequence: state.lastSequence), last >= cursor,
            let (first, position) = try await start(state), position <= last
        else { return false }
        let rows = try await pool.query(VerifySQL.countBetween, position, last, stream).first?.get(0, as: Int64.self)
        return rows == Int64(state.lastSequence - first) + 1
    }

    /// The first message that the ledger still has the row of: as a rule the stream's first, because a ledger goes back
    /// further.
    private func start(_ state: StreamInfo.State) async throws -> (sequence: UInt64, position: Int64)? {
        guard let oldest = try await system.pool(service).query(VerifySQL.firstPosition).first?.get(0, as: Int64.self)
        else { return nil }
        let sequence = try await Bisection.first(state.firstSequence...state.lastSequence) { sequence in
            try await system.position(stream: stream, sequence: sequence).map { $0 >= oldest } ?? false
        }
        guard let sequence, let position = try await system.position(stream: stream, sequence: sequence) else {
            return nil
        }
        return (sequence, position)
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

/// Finding where a condition begins to hold.
enum Bisection {
    /// The first number of the range for which the condition holds; it holds for all behind it.
    /// - Returns: nil when it holds for none.
    static func first(
        _ range: ClosedRange<UInt64>, where condition: (UInt64) async throws -> Bool
    ) async throws -> UInt64? {
        var (low, high) = (range.lowerBound, range.upperBound)
        guard try await condition(high) else { return nil }
        while low < high {
            let middle = low + (high - low) / 2
            if try await condition(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
