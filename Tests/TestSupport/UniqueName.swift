import Synchronization

/// Names that no other test of the process uses.
public enum UniqueName {
    private static let counter = Atomic(0)

    /// The prefix and a number, such as `orders_17`; good as the name of a database, stream or consumer.
    public static func next(_ prefix: String) -> String {
        "\(prefix)_\(counter.add(1, ordering: .relaxed).newValue)"
    }
}
