import Foundation
import JetStream
import NATSStreams
import Yams

/// The file that says which streams and consumers there are: `infra/nats/streams.yaml`.
public struct StreamsFile: Sendable {
    /// In the file's order.
    public let streams: [DesiredStream]

    /// Checks the project's own file, which is part of the binary.
    /// - Throws: ``ConfigurationError``, when it has no such profile.
    public static func embedded(profile: String = "development") throws -> StreamsFile {
        try parse(EmbeddedStreams.yaml, file: "streams.yaml (built in)", profile: profile)
    }

    /// Reads and checks the file.
    /// - Parameters:
    ///   - path: the file.
    ///   - profile: `development` or `production`, or another one that the file has.
    /// - Throws: ``ConfigurationError`` with everything that is wrong: file, line, key, what is allowed.
    public static func read(_ path: String, profile: String = "development") throws -> StreamsFile {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError([ConfigurationIssue(key: path, message: "the file cannot be read")])
        }
        return try parse(text, file: path, profile: profile)
    }

    /// Checks the text of such a file.
    /// - Throws: ``ConfigurationError``.
    public static func parse(_ text: String, file: String, profile: String) throws -> StreamsFile {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError([ConfigurationIssue(key: file, message: "is not YAML: \(error)")])
        }
        let issues = IssueList()
        let reader = YAMLReader(root ?? YAMLReader.empty, path: "", file: file, issues: issues)
        let streams = StreamsFileReader(reader, profile: profile).streams()
        StreamsCheck.run(streams, file: file, issues)
        guard issues.all.isEmpty else { throw ConfigurationError(issues.all) }
        return StreamsFile(streams: streams)
    }
}
