import Composition
import Foundation
import TestSupport

@testable import artesanos

/// The built command, serving everything in a process of its own. It dies with this one, by SIGKILL.
final class ServingProcess {
    private let shell = Process()
    private let input = Pipe()
    private let output: URL

    /// The shell kills the command, hard, when its input ends, and softly when it reads a line.
    private static let script = """
        "$@" >>"$LOG" 2>&1 &
        child=$!
        if read -r word; then kill -TERM "$child"; else kill -KILL "$child"; fi
        wait "$child"
        """

    /// Starts `artesanos serve all --with-relay` on the marketplace's servers.
    init(_ market: Marketplace) throws {
        output = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-\(UUID()).log")
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script, "sh", try Self.executable().path, "serve", "all", "--with-relay"]
        shell.environment = market.environment.merging(
            ["LOG": output.path, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "LOG_LEVEL": "warning"]
        ) { $1 }
        shell.standardInput = input
        try shell.run()
    }

    /// SIGKILL; returns when the process is gone.
    func killHard() async throws {
        try input.fileHandleForWriting.close()
        try await untilGone()
    }

    /// SIGTERM; returns when the process has ended in order.
    /// - Throws: when it ended otherwise.
    func stop() async throws {
        try input.fileHandleForWriting.write(contentsOf: Data("stop\n".utf8))
        try await untilGone()
        guard shell.terminationStatus == 0 else {
            throw EndedBadly(
                status: shell.terminationStatus, log: (try? String(contentsOf: output, encoding: .utf8)) ?? "")
        }
    }

    private func untilGone() async throws {
        try await eventually("the process has ended", within: .seconds(60)) { !self.shell.isRunning }
    }

    struct EndedBadly: Error {
        let status: Int32
        let log: String
    }

    private struct NotBuilt: Error {}

    /// Beside the test bundle.
    private static func executable() throws -> URL {
        let files = FileManager.default
        var folder = Bundle(for: ServingProcess.self).bundleURL.deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("artesanos")
            if files.isExecutableFile(atPath: candidate.path), !candidate.hasDirectoryPath { return candidate }
            folder.deleteLastPathComponent()
        }
        throw NotBuilt()
    }
}

extension Marketplace {
    /// The services of the other process answer.
    func untilServing() async throws {
        for service in ServiceName.allCases {
            try await eventually("\(service.rawValue) is ready", within: .seconds(60)) {
                await self.client.isReady(service)
            }
        }
    }
}
