import Logging
import ServiceRuntime

/// Loggers of the short commands, whose output is for the person who called them.
enum CommandLogger {
    /// Warnings and errors, to standard error.
    static let quiet = Logger(label: "artesanos") { label, provider in
        TextLogHandler(label: label, logLevel: .warning, metadataProvider: provider)
    }
}
