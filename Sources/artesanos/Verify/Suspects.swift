/// Something that breaks an invariant, unless it is only on its way.
struct Suspect: Sendable, Encodable, Equatable {
    /// What it is about: the same in each look.
    let key: String
    let what: String
    /// Where they tell more than the check's own.
    var queries: [CheckQuery] = []
}

/// What one look at one invariant found: all are counted, some are kept.
struct Suspects: Sendable, Equatable {
    /// More are not kept: enough to show, and to see in a second look whether they are the same.
    static let limit = 1_000

    private(set) var kept: [Suspect] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    private var isWhole: Bool { kept.count == count }

    init(_ suspects: [Suspect] = []) {
        for suspect in suspects { add(suspect) }
    }

    mutating func add(_ suspect: Suspect) {
        count += 1
        if kept.count < Self.limit { kept.append(suspect) }
    }

    /// - Parameter total: how many there are, of which `suspects` are some.
    mutating func add(_ suspects: [Suspect], of total: Int) {
        for suspect in suspects { add(suspect) }
        count += max(0, total - suspects.count)
    }

    mutating func add(_ others: Suspects) { add(others.kept, of: others.count) }

    /// Those that a later look found again: what was only on its way has arrived since. Of more than are kept, only the
    /// number is compared.
    func confirmed(by later: Suspects) -> Suspects {
        var result = Suspects()
        guard isWhole else {
            result.add(later.kept, of: min(count, later.count))
            return result
        }
        let keys = Set(kept.map(\.key))
        let again = later.kept.filter { keys.contains($0.key) }
        result.add(again, of: later.isWhole ? again.count : min(count, later.count))
        return result
    }
}
