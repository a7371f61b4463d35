/// The headers of a message: names with one or more values, in the order in which they were added. Names are compared
/// exactly, as NATS does.
public struct NATSHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One header line.
    public struct Field: Sendable, Hashable {
        public let name: String
        public let value: String
    }

    public private(set) var fields: [Field]

    public init() { fields = [] }

    /// No headers yet, but room for so many.
    public init(capacity: Int) {
        fields = []
        fields.reserveCapacity(capacity)
    }

    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    public var isEmpty: Bool { fields.isEmpty }

    /// The first value of a name; setting replaces all its values, setting nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            if fields.contains(where: { $0.name == name }) { fields.removeAll { $0.name == name } }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// All values of a name.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// Adds a value and keeps those already there.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// What the headers take on the wire at most: `NATS/1.0␍␊`, `name: value␍␊` each, `␍␊`.
    var encodedSize: Int {
        fields.isEmpty ? 0 : fields.reduce(12) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    }
}
