import Foundation
import Synchronization

/// Where log lines go; each call is one whole line with its end.
public protocol LogSink: Sendable {
    func write(_ line: String)
}

/// The standard error stream: standard output is left to what a command prints.
public struct StandardErrorSink: LogSink {
    /// One for the process, so that lines of several loggers do not mix.
    public static let shared = StandardErrorSink()
    private static let lock = Mutex(())

    public func write(_ line: String) {
        // A log line that cannot be written is lost: there is nowhere to say so.
        Self.lock.withLock { _ in try? FileHandle.standardError.write(contentsOf: Data(line.utf8)) }
    }

    /// Whether a person is watching.
    public static var isTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
