/// When the orders of a load are placed.
enum LoadPace: Sendable, Equatable {
    /// So many are under way at once: the next is placed when one has ended.
    case atOnce(Int)
    /// As fast as they are accepted, over so many connections.
    case burst(connections: Int)
    /// So many a second, over so many connections.
    case rate(Double, connections: Int)

    /// How many requests there are at most at once.
    var connections: Int {
        switch self {
        case .atOnce(let count): count
        case .burst(let connections), .rate(_, let connections): connections
        }
    }

    /// Whether the next order waits for the end of one before it.
    var isClosed: Bool {
        if case .atOnce = self { true } else { false }
    }

    /// When the order with this number is to be placed, from the beginning.
    func start(of index: Int) -> Duration {
        if case .rate(let perSecond, _) = self { .seconds(Double(index) / perSecond) } else { .zero }
    }
}
