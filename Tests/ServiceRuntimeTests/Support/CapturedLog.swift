import Foundation
import Logging
import ServiceRuntime
import Synchronization

/// Keeps log lines instead of writing them.
final class CapturedLog: LogSink {
    private let stored = Mutex<[String]>([])

    var lines: [String] { stored.withLock { $0 } }

    func write(_ line: String) { stored.withLock { $0.append(line) } }

    /// The records as JSON objects.
    func records() throws -> [[String: String]] {
        try lines.map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
    }

    func logger(_ level: Logger.Level = .trace, label: String = "test") -> Logger {
        Logger(label: label) { label in
            JSONLogHandler(label: label, logLevel: level, metadataProvider: .artesanos, sink: self)
        }
    }
}
