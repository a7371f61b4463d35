public import Logging

/// How logs are written.
public struct LogConfiguration: Sendable {
    /// The form of a record.
    public enum Format: String, Sendable, CaseIterable {
        /// One JSON object a line.
        case json
        /// For people at a terminal.
        case text
    }

    public var level: Logger.Level
    public var format: Format

    public init(level: Logger.Level = .info, format: Format = .json) {
        self.level = level
        self.format = format
    }

    /// Makes the handler of one logger.
    public func handler(label: String, provider: Logger.MetadataProvider?) -> any LogHandler {
        switch format {
        case .json: JSONLogHandler(label: label, logLevel: level, metadataProvider: provider)
        case .text: TextLogHandler(label: label, logLevel: level, metadataProvider: provider)
        }
    }
}
