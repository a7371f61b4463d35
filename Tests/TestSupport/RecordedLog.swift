public import Logging
import Synchronization

/// Keeps what is logged.
public final class RecordedLog: Sendable {
    public struct Line: Sendable {
        public let level: Logger.Level
        public let message: String
        public let metadata: Logger.Metadata
    }

    private let stored = Mutex<[Line]>([])

    public init() {}

    /// What was logged, oldest first.
    public var lines: [Line] { stored.withLock { $0 } }

    public func contains(_ message: String, _ level: Logger.Level) -> Bool {
        lines.contains { $0.message == message && $0.level == level }
    }

    public var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                level: event.level, message: "\(event.message)",
                metadata: metadata.merging(event.metadata ?? [:]) { $1 })
            log.stored.withLock { $0.append(line) }
        }
    }
}
