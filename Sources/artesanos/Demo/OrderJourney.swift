import Composition
import Outbox
import Foundation

/// Follows one order over its stream of server-sent events, until its saga is settled.
struct OrderJourney: Sendable {
    /// One thing that happened, as the stream tells it.
    struct Step: Decodable, Sendable {
        let at: Date
        let seq: Int
        let title: String
        let event: String
        let sagaState: String
        let status: String
    }

    let client: ServiceClient
    let token: String
    let orderID: UUID

    /// Calls `body` for each step, in order, as it comes. A broken connection is taken up again where it ended.
    /// - Throws: `CheckFailed` when the saga is not settled in time.
    func follow(within limit: Duration, _ body: @escaping @Sendable (Step) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await read(body)
                return true
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            if try await group.next() == false {
                throw CheckFailed("the order \(orderID.uuidString.lowercased()) was not settled within \(limit)")
            }
        }
    }

    private func read(_ body: (Step) async throws -> Void) async throws {
        var last: String?
        var isOver = false
        var failures = 0
        while !isOver {
            do {
                let goesOn = try await client.events(
                    .orders, DemoShop.path(orderID) + "/events", token: token, after: last
                ) { event in
                    last = event.id
                    failures = 0
                    if event.name == "end" { isOver = true } else { try await body(Self.step(event)) }
                }
                isOver = isOver || !goesOn
            } catch let error as CheckFailed {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                failures += 1
                guard failures < 20 else { throw error }
                // The pause that the stream's `retry` asks for.
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private static func step(_ event: ServerSentEvent) throws -> Step {
        try WireJSON.decode(Step.self, from: Array(event.data.utf8))
    }
}
