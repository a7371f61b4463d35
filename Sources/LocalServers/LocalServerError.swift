/// Why a local server could not be found, started or used. The description is meant for the person at the terminal.
public struct LocalServerError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Sendable {
        /// A server program is missing or too old.
        case missingProgram
        /// The directory cannot be used (permissions, another run uses it, made by another version).
        case directory
        /// The server ended, or was not ready in time.
        case start
        /// A helper command (initdb, psql) failed.
        case command
        /// The operating system refused (no port, no process).
        case system
    }

    public let code: Code
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
