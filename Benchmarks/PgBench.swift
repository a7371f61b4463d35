import Foundation

/// Runs Postgres's own benchmark program.
struct PgBench {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let program: URL

    /// Finds pgbench in PATH or where Debian puts it.
    init() throws {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let debian = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        let found = (path + debian).map { "\($0)/pgbench" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else {
            throw Failure(description: "pgbench was found neither in PATH nor under /usr/lib/postgresql")
        }
        program = URL(fileURLWithPath: found)
    }

    /// Runs a script with prepared statements and returns the transactions a second.
    func run(_ script: String, connections: Int, seconds: Int, database: String) async throws -> Double {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pgbench-\(UUID().uuidString).sql")
        try script.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try await output(of: [
            "-n", "-M", "prepared", "-c", "\(connections)", "-j", "\(min(connections, 2))", "-T", "\(seconds)",
            "-D", "n=0", "-f", file.path, database,
        ])
        guard let match = output.firstMatch(of: /tps = ([0-9.]+)/), let rate = Double(match.1) else {
            throw Failure(description: "pgbench gave no result: \(output)")
        }
        return rate
    }

    private func output(of arguments: [String]) async throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread {
                // A child inherits which signals its starter's thread blocks. Dispatch's threads block SIGALRM, by which
                // pgbench ends.
                var none = sigset_t()
                sigemptyset(&none)
                pthread_sigmask(SIG_SETMASK, &none, nil)
                continuation.resume(with: Result { try process.run() })
            }
        }
        // Waiting for the end of the output is waiting for the end of pgbench; not on a thread of the cooperative pool.
        let data = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Data, any Error>) in
            Thread.detachNewThread {
                continuation.resume(with: Result { try pipe.fileHandleForReading.readToEnd() ?? Data() })
            }
        }
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
