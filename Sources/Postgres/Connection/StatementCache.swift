/// The prepared statements of one connection: at most so many, the one unused for longest leaves first.
///
/// A statement is kept once for each combination of parameter types it was used with. Null has no type, so it uses what
/// is there; a new combination takes over the types that an older one knows, so that they converge.
struct StatementCache {
    private let capacity: Int
    private var entries: [Statement: [PreparedStatement]] = [:]
    private(set) var count = 0
    private var lastNumber = 0
    private var now = 0
    /// Names that the server still knows, but nobody here: to be deallocated with the next request.
    private(set) var discarded: [String] = []

    init(capacity: Int) { self.capacity = capacity }

    /// Starts a request: what is used from here on is not evicted before the next one.
    mutating func beginRequest() { now += 1 }

    /// The prepared statement to use, and whether it must be prepared first.
    mutating func take(_ statement: Statement, types: ArraySlice<PostgresType?>) -> (PreparedStatement, isNew: Bool) {
        let known = entries[statement] ?? []
        if let entry = known.first(where: { $0.fits(types) }) {
            entry.lastUse = now
            return (entry, false)
        }
        if count >= capacity { evict() }
        lastNumber += 1
        let declared = types.enumerated().map { index, type in
            type ?? known.last { $0.types.count == types.count }?.types[index] ?? .unspecified
        }
        let entry = PreparedStatement(name: "s\(lastNumber)", statement: statement, types: declared)
        entry.lastUse = now
        entries[statement, default: []].append(entry)
        count += 1
        return (entry, true)
    }

    /// Forgets a statement. `isOnServer` says that its name must be deallocated there.
    mutating func remove(_ entry: PreparedStatement, isOnServer: Bool) {
        guard let index = entries[entry.statement]?.firstIndex(where: { $0 === entry }) else { return }
        entries[entry.statement]?.remove(at: index)
        if entries[entry.statement]?.isEmpty == true { entries[entry.statement] = nil }
        count -= 1
        if isOnServer { discarded.append(entry.name) }
    }

    mutating func takeDiscarded() -> [String] {
        defer { discarded = [] }
        return discarded
    }

    mutating func discardAgain(_ name: String) { discarded.append(name) }

    /// Runs only when the cache is full, so a scan is fast enough.
    private mutating func evict() {
        let candidates = entries.values.joined().filter { $0.lastUse < now }
        guard let oldest = candidates.min(by: { $0.lastUse < $1.lastUse }) else { return }
        remove(oldest, isOnServer: true)
    }
}
