import Foundation
import Synchronization
import TestSupport

@testable import LocalServers

/// The built command as a process of its own. It dies with this one, by SIGKILL.
///
/// Not by Foundation's `Process`: its children inherit blocked signals and each other's pipes.
final class CommandProcess: Sendable {
    private struct State {
        /// The writing end of the shell's input; nil once it is closed.
        var input: Int32?
        var exitCode: Int32?
    }

    private let state: Mutex<State>
    private let outputFile: URL

    /// The shell kills the command, hard, when its input ends, and softly when it reads a line.
    private static let script = """
        cd "$1"
        shift
        exec 3<&0
        "$@" </dev/null 3<&- &
        child=$!
        (if read -r word <&3; then kill -TERM "$child"; else kill -KILL "$child"; fi) &
        watcher=$!
        exec 3<&-
        wait "$child"
        status=$?
        kill "$watcher" 2>/dev/null
        exit "$status"
        """

    /// Starts `artesanos` with these arguments.
    /// - Parameter environment: all that it gets, beside PATH.
    init(_ arguments: [String], environment: [String: String]) throws {
        outputFile = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-\(UUID()).out")
        let output = open(outputFile.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(output) }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let variables = environment.merging(["PATH": path]) { given, _ in given }.map { "\($0.key)=\($0.value)" }
        let input = try ProcessSpawn.pipe()
        defer { close(input.read) }
        let pid = try ProcessSpawn.start(
            "/bin/sh",
            ["-c", Self.script, "sh", Self.root.path, "/usr/bin/env", "-i"] + variables
                + [try Self.executable().path] + arguments,
            descriptors: .init(input: input.read, output: output))
        state = Mutex(State(input: input.write))
        Thread.detachNewThread { [self] in
            let code = ProcessSpawn.wait(for: pid)
            state.withLock { $0.exitCode = code }
        }
    }

    deinit {
        closeInput()
        try? FileManager.default.removeItem(at: outputFile)
    }

    /// What it has written to standard output and error.
    var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }

    var isRunning: Bool { state.withLock { $0.exitCode == nil } }

    /// SIGKILL; returns when the process is gone.
    func killHard() async throws {
        closeInput()
        _ = try await exitCode()
    }

    /// SIGTERM; returns when the process has ended in order.
    /// - Throws: when it ended otherwise.
    func stop() async throws {
        state.withLock { state in
            if let input = state.input { _ = write(input, "stop\n", 5) }
        }
        let code = try await exitCode()
        guard code == 0 else { throw EndedBadly(code: code, output: output) }
    }

    /// Waits until it has ended.
    /// - Returns: its exit code.
    func exitCode() async throws -> Int32 {
        try await eventually("the process has ended", within: .seconds(120)) { !self.isRunning }
        return state.withLock { $0.exitCode } ?? -1
    }

    private func closeInput() {
        state.withLock { state in
            if let input = state.input { close(input) }
            state.input = nil
        }
    }

    struct EndedBadly: Error {
        let code: Int32
        let output: String
    }

    private struct NotBuilt: Error {}

    /// The package's folder.
    static var root: URL { URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardizedFileURL }

    /// Beside the test program, or above it.
    private static func executable() throws -> URL {
        let files = FileManager.default
        let program = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        for start in [program, Bundle(for: CommandProcess.self).bundleURL.appendingPathComponent("any")] {
            var folder = start.deletingLastPathComponent()
            while folder.path != "/" {
                let candidate = folder.appendingPathComponent("artesanos")
                var isFolder: ObjCBool = false
                if files.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue,
                    files.isExecutableFile(atPath: candidate.path)
                {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        throw NotBuilt()
    }
}
