/// How many rows the next read asks for: as many as are configured, unless they are so large that memory counts.
///
/// What a row takes is known only once it is here, so the limit follows what came: it starts low, doubles at most, and
/// falls at once when rows are large. A batch overshoots only where small rows are followed by large ones, once.
struct BatchLimit: Equatable {
    /// Of payload, in one batch. Several batches are in flight, and each is held more than once on its way.
    static let maxBytes = 1 << 20
    private static let first = 16

    private let most: Int
    /// Rows to ask for.
    private(set) var rows: Int

    /// - Parameter most: the configured batch size.
    init(most: Int) {
        self.most = most
        rows = min(most, Self.first)
    }

    /// Takes into account what a read gave.
    mutating func note(rows count: Int, bytes: Int) {
        guard count > 0 else { return }
        let fitting = Self.maxBytes / max(1, bytes / count)
        rows = max(1, min(most, fitting, max(Self.first, count * 2)))
    }
}
