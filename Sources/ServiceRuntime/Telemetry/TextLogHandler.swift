import Foundation
public import Logging

/// Writes lines for people: time, level, logger, message, then the metadata. Colours only where somebody watches.
public struct TextLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let hasColours: Bool
    private let sink: any LogSink

    public init(
        label: String, logLevel: Logger.Level = .info, metadataProvider: Logger.MetadataProvider? = nil,
        hasColours: Bool = StandardErrorSink.isTerminal, sink: any LogSink = StandardErrorSink.shared
    ) {
        self.label = label
        self.logLevel = logLevel
        self.metadataProvider = metadataProvider
        self.hasColours = hasColours
        self.sink = sink
    }

    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        // The time of day is enough for a terminal; JSON logs have the date.
        let time = LogTime.text(Date()).dropFirst(11).dropLast(1)
        let level = event.level.rawValue.uppercased()
        var line = "\(dim("\(time)")) \(paint(level, event.level))"
        line += String(repeating: " ", count: max(1, 9 - level.count)) + "\(label): \(event.message)"
        for (key, value) in LogMetadata.merged(handler: metadata, provider: metadataProvider, call: event.metadata) {
            line += " " + dim("\(key)=") + Self.oneLine("\(value)")
        }
        if let error = event.error { line += " " + dim("\(LogKey.error)=") + Self.oneLine(Redaction.text("\(error)")) }
        sink.write(line + "\n")
    }

    private static func oneLine(_ text: String) -> String { text.replacing("\n", with: "\\n") }

    private func dim(_ text: String) -> String { hasColours ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

    private func paint(_ text: String, _ level: Logger.Level) -> String {
        guard hasColours else { return text }
        let colour =
            switch level {
            case .trace, .debug: 90
            case .info: 32
            case .notice: 36
            case .warning: 33
            case .error, .critical: 31
            }
        return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
    }
}
