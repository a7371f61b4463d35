import Composition
import Foundation
import JetStream
import Postgres

/// One ledger beside its stream, by positions and numbers: a stream is a replica of its ledger exactly if each of its
/// messages is as many rows behind its first one as it is messages behind it.
struct StreamComparison: Sendable {
    private let service: ServiceName
    private let system: SystemView
    private var stream: String { service.stream }

    /// The cursor is read first: it is written after the stream took what it names.
    static func run(_ service: ServiceName, in system: SystemView) async throws -> Suspects {
        try await StreamComparison(service: service, system: system).compare()
    }

    private func compare() async throws -> Suspects {
        let pool = try system.pool(service)
        let cursor = try await pool.query(VerifySQL.cursor, stream).first?.get(0, as: Int64.self) ?? 0
        let state: StreamInfo.State
        do throws(JetStreamError) {
            state = try await system.context.streamInfo(stream).state
        } catch {
            guard error.kind == .streamNotFound else { throw error }
            return found("\(cursor)", "the stream \(stream) is not there")
        }
        guard state.messages > 0 else {
            let isEmptied = state.lastSequence == 0 && cursor > 0
            return isEmptied ? found("\(cursor)", "the stream is empty, and its relay was at \(cursor)") : Suspects()
        }
        guard let last = try await system.position(stream: stream, sequence: state.lastSequence) else {
            return try await missing(state.lastSequence)
        }
        if last < cursor { return found("\(cursor)", "the stream ends at \(last), and its relay was at \(cursor)") }
        guard let (first, position) = try await start(state) else { return Suspects() }
        let rows = try await pool.query(VerifySQL.countBetween, position, last, stream).first?.get(0, as: Int64.self)
        let messages = Int64(state.lastSequence - first) + 1
        guard rows != messages else { return Suspects() }
        var suspects = try await firstDifference(first: first, from: position, last: state.lastSequence)
        suspects.add([], of: Int(max(0, abs((rows ?? 0) - messages) - 1)))
        return suspects
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

    private func firstDifference(first: UInt64, from position: Int64, last: UInt64) async throws -> Suspects {
        let pool = try system.pool(service)
        func row(_ sequence: UInt64) async throws -> Int64? {
            try await pool.query(VerifySQL.positionBehind, position, Int64(sequence - first), stream).first?.get(0)
        }
        let differing = try await Bisection.first(first...last) { sequence in
            try await system.position(stream: stream, sequence: sequence) != row(sequence)
        }
        guard let differing else { return found("\(last)", "the ledger and the stream are of different length") }
        guard let shown = try await system.position(stream: stream, sequence: differing) else {
            return try await missing(differing)
        }
        let expected = try await row(differing)
        return found(
            "\(expected ?? shown)",
            "message \(differing) is position \(shown), the ledger's row there is \(expected.map { "\($0)" } ?? "none")"
        )
    }

    private func missing(_ sequence: UInt64) async throws -> Suspects {
        let isThere = try await system.context.message(stream: stream, sequence: sequence) != nil
        return found("\(sequence)", "message \(sequence) \(isThere ? "was not published by the relay" : "is gone")")
    }

    private func found(_ position: String, _ what: String) -> Suspects {
        Suspects([
            Suspect(
                key: "\(stream) \(position)", what: "\(stream): \(what)",
                queries: [
                    CheckQuery(service, "select position, subject, event from outbox where position = \(position)"),
                    CheckQuery(service, "select * from outbox_cursor"),
                ])
        ])
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
