import Foundation
import Yams

/// A configuration file, read into the names that environment variables have: `KEY=value` lines in a `.env` file; in
/// YAML and JSON either the same names, or nested (`orders: {port: 8081}` is `ORDERS_PORT`). A list becomes the
/// comma-separated text.
enum ConfigurationFile {
    static func read(_ path: String) throws -> [String: String] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError([ConfigurationIssue(key: path, message: "the file cannot be read")])
        }
        let isTree = [".yaml", ".yml", ".json"].contains { path.lowercased().hasSuffix($0) }
        let values = isTree ? try tree(text, path) : lines(text)
        let known = Set(Settings.sections.flatMap(\.settings).map(\.name))
        let unknown = values.keys.filter { isTree && !known.contains($0) }.sorted()
        guard unknown.isEmpty else {
            throw ConfigurationError(
                unknown.map { ConfigurationIssue(key: "\(path): \($0)", message: "is no setting") })
        }
        return values
    }

    private static func lines(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            let key = line[..<equals].replacing("export ", with: "").trimmingCharacters(in: .whitespaces)
            var value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
            for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
                value = String(value.dropFirst().dropLast())
            }
            values[key] = value
        }
        return values
    }

    /// YAML is a superset of JSON, so that one reader does for both. All scalars are taken as text.
    private static func tree(_ text: String, _ path: String) throws -> [String: String] {
        do {
            guard let root = try Yams.compose(yaml: text) else { return [:] }
            var values: [String: String] = [:]
            try flatten(root, [], path, into: &values)
            return values
        } catch let error as YamlError {
            throw ConfigurationError([ConfigurationIssue(key: path, message: "is not YAML: \(error)")])
        }
    }

    private static func flatten(
        _ node: Node, _ names: [String], _ path: String, into values: inout [String: String]
    ) throws {
        let key = names.joined(separator: "_").uppercased().replacing("-", with: "_").replacing(".", with: "_")
        switch node {
        case .mapping(let mapping):
            for (name, value) in mapping { try flatten(value, names + [name.string ?? ""], path, into: &values) }
        case .scalar(let scalar):
            values[key] = scalar.string
        case .sequence(let sequence):
            values[key] = sequence.compactMap(\.string).joined(separator: ",")
        case .alias:
            throw ConfigurationError([
                ConfigurationIssue(key: "\(path): \(key)", message: "is an alias, which is not supported here")
            ])
        }
    }
}
