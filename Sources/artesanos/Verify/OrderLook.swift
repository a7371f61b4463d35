import Foundation

/// One look at what has to hold of orders, of which events may be on their way. All that are doubtful are examined, page
/// by page, however many there are.
///
/// The services' rows of an order are read one after the other, and events may be made and applied between any two of
/// the reads. So what disagrees is read once more between two looks at its events. When all events are applied at the
/// first and the second finds the same ones, then none was made or applied between the two: a ledger has an event from
/// the moment of the change that it tells of, and keeps it. What still disagrees then is wrong. Any other order moves:
/// it was under way before, or became so meanwhile, even if it has arrived by now. It is left to a later look.
struct OrderLook: Sendable {
    /// Says what is wrong with an order; nil: nothing.
    typealias Rule = @Sendable (OrderAccount) -> String?

    private let rules: [Rule]
    /// What each rule found, in their order.
    private(set) var suspects: [Suspects]

    init(_ rules: [Rule]) {
        self.rules = rules
        suspects = rules.map { _ in Suspects() }
    }

    /// - Parameters:
    ///   - accounts: as they were read, one service after the other.
    ///   - again: reads the same ones once more.
    ///   - atRest: of these orders those whose events are all applied, each with all its events.
    mutating func look(
        at accounts: [OrderAccount], again: () async throws -> [OrderAccount],
        atRest: ([UUID]) async throws -> [UUID: Set<UUID>]
    ) async throws {
        let doubtful = accounts.filter { isWrong($0) }.map(\.id)
        guard !doubtful.isEmpty else { return }
        let before = try await atRest(doubtful)
        guard !before.isEmpty else { return }
        let wrong = try await again().filter { before[$0.id] != nil && isWrong($0) }
        guard !wrong.isEmpty else { return }
        let after = try await atRest(wrong.map(\.id))
        for account in wrong where after[account.id] == before[account.id] {
            for (index, rule) in rules.enumerated() {
                guard let what = rule(account) else { continue }
                suspects[index].add(Suspect(key: account.id.uuidString.lowercased(), what: what))
            }
        }
    }

    private func isWrong(_ account: OrderAccount) -> Bool { rules.contains { $0(account) != nil } }
}
