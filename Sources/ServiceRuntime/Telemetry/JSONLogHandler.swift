public import Logging
import Foundation

/// Writes one JSON object a line: `ts`, `level`, `logger`, `message`, then the metadata, flattened (`a.b` for nested
/// keys) and cleaned of secrets.
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let sink: any LogSink

    public init(
        label: String, logLevel: Logger.Level = .info, metadataProvider: Logger.MetadataProvider? = nil,
        sink: any LogSink = StandardErrorSink.shared
    ) {
        self.label = label
        self.logLevel = logLevel
        self.metadataProvider = metadataProvider
        self.sink = sink
    }

    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = JSONLine()
        line.add("ts", LogTime.text(Date()))
        line.add("level", event.level.rawValue)
        line.add("logger", label)
        line.add("message", event.message.description)
        for (key, value) in LogMetadata.merged(handler: metadata, provider: metadataProvider, call: event.metadata) {
            line.add(Self.reserved.contains(key) ? "meta.\(key)" : key, value)
        }
        if let error = event.error { line.add(LogKey.error, Redaction.text("\(error)")) }
        sink.write(line.finished())
    }

    private static let reserved: Set<String> = ["ts", "level", "logger", "message"]
}

/// Time stamps: ISO 8601, UTC, milliseconds.
enum LogTime {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    static func text(_ date: Date) -> String { date.formatted(style) }
}
