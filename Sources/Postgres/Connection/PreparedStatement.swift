/// A statement that one connection has prepared, or is about to.
///
/// Not Sendable: it lives in the connection's state and is touched only under that state's lock.
final class PreparedStatement {
    let name: String
    /// The name as libpq takes it, so that it is not copied at each execution.
    let nameBytes: ContiguousArray<CChar>
    let statement: Statement
    /// The types that the parameters were declared as.
    let types: [PostgresType]
    /// When it was used last, in requests.
    var lastUse = 0

    init(name: String, statement: Statement, types: [PostgresType]) {
        self.name = name
        self.nameBytes = name.utf8CString
        self.statement = statement
        self.types = types
    }

    /// Whether values of these types can be bound; nil stands for null, which fits every type.
    func fits(_ values: ArraySlice<PostgresType?>) -> Bool {
        types.count == values.count && zip(types, values).allSatisfy { $1 == nil || $0 == $1 }
    }
}
