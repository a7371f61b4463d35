import Foundation
import Synchronization

/// A program that is measured: it ends when its standard input does, at the latest with this process.
final class Child: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let pid: Int32
    private let process: Mutex<Process>
    private let input: Pipe

    private init(_ process: Process, _ input: Pipe) {
        pid = process.processIdentifier
        self.process = Mutex(process)
        self.input = input
    }

    static func start(_ program: String, _ arguments: [String]) async throws -> Child {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                // A child inherits which signals its starter's thread blocks; Dispatch's threads block some.
                var none = sigset_t()
                sigemptyset(&none)
                pthread_sigmask(SIG_SETMASK, &none, nil)
                let process = Process()
                let input = Pipe()
                process.executableURL = URL(fileURLWithPath: program)
                process.arguments = arguments
                process.standardInput = input
                process.standardOutput = FileHandle.standardError
                continuation.resume(
                    with: Result {
                        try process.run()
                        return Child(process, input)
                    })
            }
        }
    }

    var isRunning: Bool { process.withLock { $0.isRunning } }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.withLock { process in
            if process.isRunning { process.terminate() }
            process.waitUntilExit()
        }
    }
}

/// What the kernel says of a process.
enum ProcessUsage {
    /// CPU time used so far, in seconds.
    static func cpu(_ pid: Int32) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return 0 }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The most memory that was resident at once, in MiB.
    static func peakMemory(_ pid: Int32) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let match = text.firstMatch(of: /VmHWM:\s+([0-9]+) kB/), let size = Double(match.1)
        else { return 0 }
        return size / 1024
    }
}
