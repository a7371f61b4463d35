import ArgumentParser

/// A check did not hold, or something could not be done: exit code 1. What it says is printed to standard error.
struct CheckFailed: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The command cannot work as it was called or configured: exit code 2.
struct UsageFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension ExitCode {
    /// A check failed, or the work could not be done.
    static let checkFailed = ExitCode(1)
    /// Wrong usage or configuration.
    static let usage = ExitCode(2)
}
