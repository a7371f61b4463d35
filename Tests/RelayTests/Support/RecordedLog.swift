import Logging
import Synchronization

/// Keeps what is logged.
final class RecordedLog: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
    }

    private let stored = Mutex<[Line]>([])

    /// What was logged, oldest first.
    var lines: [Line] { stored.withLock { $0 } }

    func contains(_ message: String, _ level: Logger.Level) -> Bool {
        lines.contains { $0.message == message && $0.level == level }
    }

    var logger: Logger { Logger(label: "relay") { _ in Handler(log: self) } }

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
