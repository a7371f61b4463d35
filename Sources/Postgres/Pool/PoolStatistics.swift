/// What a pool is doing at this moment.
public struct PostgresPoolStatistics: Sendable, Hashable {
    /// How many connections the pool may have.
    public var size: Int
    /// How many it has, the ones being opened included.
    public var open: Int
    /// How many of them are lent out.
    public var inUse: Int
    /// How many of them wait for work.
    public var idle: Int
    /// How many tasks wait for a connection.
    public var waiting: Int
}
