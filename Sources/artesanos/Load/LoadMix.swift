import ArgumentParser

/// How many orders in a hundred are to end in which way, such as `success=80,declined=20`.
struct LoadMix: Sendable, Equatable, ExpressibleByArgument {
    /// Shares by outcome; they need not add up to 100.
    let weights: [LoadOutcome: Int]

    static let standard = LoadMix([.success: 80, .outOfStock: 10, .declined: 5, .cancelled: 5])

    init(_ weights: [LoadOutcome: Int]) { self.weights = weights }

    init?(argument: String) {
        var weights: [LoadOutcome: Int] = [:]
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, let outcome = LoadOutcome(rawValue: String(pair[0])), weights[outcome] == nil,
                let weight = Int(pair[1]), (0...1_000_000).contains(weight)
            else { return nil }
            weights[outcome] = weight
        }
        guard weights.values.reduce(0, +) > 0 else { return nil }
        self.weights = weights
    }

    var defaultValueDescription: String {
        LoadOutcome.allCases.compactMap { outcome in weights[outcome].map { "\(outcome.rawValue)=\($0)" } }
            .joined(separator: ",")
    }

    /// So many orders in these shares, exactly: what does not divide goes to the largest remainders.
    func counts(of total: Int) -> [LoadOutcome: Int] {
        let sum = weights.values.reduce(0, +)
        var counts = weights.mapValues { $0 * total / sum }
        let remainders = LoadOutcome.allCases.filter { weights[$0, default: 0] > 0 }.sorted {
            weights[$0, default: 0] * total % sum > weights[$1, default: 0] * total % sum
        }
        for outcome in remainders.prefix(total - counts.values.reduce(0, +)) { counts[outcome, default: 0] += 1 }
        return counts
    }
}
