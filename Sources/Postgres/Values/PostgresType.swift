/// A Postgres data type, by its object identifier.
///
/// Built-in types have fixed identifiers (`src/include/catalog/pg_type.dat` of the server); types that a database
/// defines itself, such as enums, start at 16384.
public struct PostgresType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No type: the server infers it from where the parameter stands in the statement.
    public static let unspecified = PostgresType(rawValue: 0)

    public static let bool = PostgresType(rawValue: 16)
    public static let bytea = PostgresType(rawValue: 17)
    public static let char = PostgresType(rawValue: 18)
    public static let name = PostgresType(rawValue: 19)
    public static let int8 = PostgresType(rawValue: 20)
    public static let int2 = PostgresType(rawValue: 21)
    public static let int4 = PostgresType(rawValue: 23)
    public static let text = PostgresType(rawValue: 25)
    public static let oid = PostgresType(rawValue: 26)
    public static let xid = PostgresType(rawValue: 28)
    public static let json = PostgresType(rawValue: 114)
    public static let xml = PostgresType(rawValue: 142)
    public static let float4 = PostgresType(rawValue: 700)
    public static let float8 = PostgresType(rawValue: 701)
    public static let unknown = PostgresType(rawValue: 705)
    public static let bpchar = PostgresType(rawValue: 1042)
    public static let varchar = PostgresType(rawValue: 1043)
    public static let date = PostgresType(rawValue: 1082)
    public static let timestamp = PostgresType(rawValue: 1114)
    public static let timestamptz = PostgresType(rawValue: 1184)
    public static let numeric = PostgresType(rawValue: 1700)
    public static let uuid = PostgresType(rawValue: 2950)
    public static let lsn = PostgresType(rawValue: 3220)
    public static let jsonb = PostgresType(rawValue: 3802)
    public static let xid8 = PostgresType(rawValue: 5069)

    public static let boolArray = PostgresType(rawValue: 1000)
    public static let byteaArray = PostgresType(rawValue: 1001)
    public static let int2Array = PostgresType(rawValue: 1005)
    public static let int4Array = PostgresType(rawValue: 1007)
    public static let textArray = PostgresType(rawValue: 1009)
    public static let int8Array = PostgresType(rawValue: 1016)
    public static let float8Array = PostgresType(rawValue: 1022)
    public static let timestamptzArray = PostgresType(rawValue: 1185)
    public static let numericArray = PostgresType(rawValue: 1231)
    public static let uuidArray = PostgresType(rawValue: 2951)

    /// The first identifier of types that are not built in.
    static let firstUserDefined: UInt32 = 16384

    /// Whether the binary form of a value of this type is its text: character types, `json`, and the enums and
    /// text-like types that a database defines itself (the decoder still checks that the bytes are UTF-8).
    var isText: Bool {
        switch self {
        case .text, .varchar, .bpchar, .name, .char, .unknown, .json, .xml: true
        default: rawValue >= Self.firstUserDefined
        }
    }
}

extension PostgresType: CustomStringConvertible {
    public var description: String { Self.names[self] ?? "type \(rawValue)" }

    private static let names: [PostgresType: String] = [
        .unspecified: "unspecified", .bool: "bool", .bytea: "bytea", .char: "\"char\"", .name: "name", .int8: "int8",
        .int2: "int2", .int4: "int4", .text: "text", .oid: "oid", .xid: "xid", .json: "json", .xml: "xml",
        .float4: "float4", .float8: "float8", .unknown: "unknown", .bpchar: "bpchar", .varchar: "varchar",
        .date: "date", .timestamp: "timestamp", .timestamptz: "timestamptz", .numeric: "numeric", .uuid: "uuid",
        .lsn: "pg_lsn", .jsonb: "jsonb", .xid8: "xid8", .boolArray: "bool[]", .byteaArray: "bytea[]",
        .int2Array: "int2[]", .int4Array: "int4[]", .textArray: "text[]", .int8Array: "int8[]",
        .float8Array: "float8[]", .timestamptzArray: "timestamptz[]", .numericArray: "numeric[]",
        .uuidArray: "uuid[]",
    ]
}
