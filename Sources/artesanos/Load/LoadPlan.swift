import StripeSandbox

/// All orders of a load, decided before the first is placed: the same seed gives the same orders in the same sequence.
struct LoadPlan: Sendable, Equatable {
    struct Order: Sendable, Equatable {
        let outcome: LoadOutcome
        let sku: String
    }

    /// A product of which there is never a piece.
    static let soldOut = "LOAD-SOLD-OUT"

    let orders: [Order]
    /// The products that are sold, in their order.
    let skus: [String]

    /// - Parameter products: over how many the orders are spread; 1 makes all of them wait for one row of the stock.
    init(_ total: Int, mix: LoadMix, products: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let counts = mix.counts(of: total)
        let outcomes = LoadOutcome.allCases.flatMap { Array(repeating: $0, count: counts[$0, default: 0]) }
        let skus = (1...max(1, products)).map { "LOAD-\($0)" }
        orders = outcomes.shuffled(using: &random).map { outcome in
            Order(
                outcome: outcome,
                sku: outcome == .outOfStock ? Self.soldOut : skus[Int.random(in: 0..<skus.count, using: &random)])
        }
        self.skus = skus
    }

    /// How many pieces have to be on the shelf: cancelled and declined orders hold one for a while too.
    func pieces(of sku: String) -> Int { orders.count { $0.sku == sku && $0.outcome != .outOfStock } }
}
