import Foundation

/// What a libpq connection string says of the database's name, and the same string for another database of that server.
///
/// Both forms are read: URIs and key=value.
/// Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
struct DatabaseAddress {
    /// Nil when the string names none: libpq then takes the user's name, or PGDATABASE.
    let name: String?
    private let connectionString: String

    init(_ connectionString: String) {
        self.connectionString = connectionString
        name = Self.isURI(connectionString) ? Self.nameInURI(connectionString) : Self.nameInPairs(connectionString)
    }

    /// The connection string with another database.
    func database(_ other: String) -> String {
        guard Self.isURI(connectionString) else {
            // The last of several values of a key counts.
            let quoted = other.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return connectionString + " dbname='\(quoted)'"
        }
        let path = other.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? other
        let parts = Self.parts(connectionString)
        let parameters = parts.parameters.filter { !$0.hasPrefix("dbname=") }
        return parts.server + "/" + path + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }

    private static func isURI(_ text: String) -> Bool {
        text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
    }

    /// Scheme and authority; the path without its slash; the parameters. Not by `URL`, which knows no lists of hosts.
    private static func parts(_ uri: String) -> (server: String, path: String, parameters: [String]) {
        let pieces = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let address = pieces[0]
        let parameters = pieces.count > 1 ? pieces[1].split(separator: "&").map(String.init) : []
        let afterScheme = address.firstRange(of: "://")?.upperBound ?? address.startIndex
        guard let slash = address[afterScheme...].firstIndex(of: "/") else { return (String(address), "", parameters) }
        return (String(address[..<slash]), String(address[address.index(after: slash)...]), parameters)
    }

    private static func nameInURI(_ uri: String) -> String? {
        let parts = parts(uri)
        let parameter = parts.parameters.last { $0.hasPrefix("dbname=") }?.dropFirst("dbname=".count)
        let name = parameter.map(String.init) ?? parts.path
        return name.isEmpty ? nil : name.removingPercentEncoding ?? name
    }

    private static func nameInPairs(_ text: String) -> String? {
        var name: String?
        var rest = text[...]
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].trimmingCharacters(in: .whitespaces)
            rest = rest[rest.index(after: equals)...].drop { $0.isWhitespace }
            let value = value(&rest)
            if key == "dbname" { name = value }
        }
        return name?.isEmpty == true ? nil : name
    }

    /// Takes one value off the front: up to a space, or quoted; a backslash keeps the next character.
    private static func value(_ rest: inout Substring) -> String {
        var value = ""
        let isQuoted = rest.first == "'"
        if isQuoted { rest.removeFirst() }
        while let character = rest.first {
            rest.removeFirst()
            if character == "\\", let next = rest.first {
                value.append(next)
                rest.removeFirst()
            } else if isQuoted ? character == "'" : character.isWhitespace {
                break
            } else {
                value.append(character)
            }
        }
        return value
    }
}
