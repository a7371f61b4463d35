import Foundation

/// A helper program that runs for a moment: initdb, psql, `--version`.
struct ShortCommand {
    let path: String
    let arguments: [String]

    init(_ path: String, _ arguments: [String]) {
        self.path = path
        self.arguments = arguments
    }

    /// Runs the program in `/` without input, and waits for its end on a thread of its own.
    /// - Returns: the exit status and what it wrote to standard output and error.
    func run() async throws(LocalServerError) -> (status: Int32, output: String) {
        let path = path
        let arguments = arguments
        let result: Result<(Int32, String), LocalServerError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: Result { () throws(LocalServerError) in try Self.runBlocking(path, arguments) })
            }
        }
        return try result.get()
    }

    /// Runs the program and throws its output when it fails.
    /// - Returns: its output, trimmed.
    @discardableResult
    func runChecked() async throws(LocalServerError) -> String {
        let (status, output) = try await run()
        let trimmed = output.trimmingCharacters(in: .whitespacesAndNewlines)
        guard status == 0 else {
            let name = URL(fileURLWithPath: path).lastPathComponent
            throw LocalServerError(.command, "\(name) failed with status \(status):\n\(trimmed)")
        }
        return trimmed
    }

    private static func runBlocking(
        _ path: String, _ arguments: [String]
    ) throws(LocalServerError) -> (Int32, String) {
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let output = try ProcessSpawn.pipe()
        defer {
            close(null)
            close(output.read)
        }
        let pid: pid_t
        do {
            // In "/" because the user that the program runs as may not be allowed into the current directory.
            pid = try ProcessSpawn.start(
                "/bin/sh", ["-c", "cd / && exec \"$@\"", "sh", path] + arguments,
                descriptors: .init(input: null, output: output.write))
        } catch {
            close(output.write)
            throw error
        }
        close(output.write)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output.read, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return (ProcessSpawn.wait(for: pid), String(decoding: bytes, as: UTF8.self))
    }
}
