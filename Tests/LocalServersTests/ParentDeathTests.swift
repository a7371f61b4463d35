import Foundation
import LocalServers
import Testing
import TestSupport

/// The promise of `SupervisedServer`: servers end with their parent, also when it is killed.
@Suite struct ParentDeathTests {
    @Test func serversEndAndTemporaryFoldersGoWhenTheParentIsKilled() async throws {
        let result = try await #require(
            processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]
        ) {
            let postgres = try await LocalPostgres.start()
            let nats = try await LocalNATS.start()
            let pids = try [#require(postgres.processID), #require(nats.processID)]
            let line = "servers \(pids[0]) \(pids[1]) \(postgres.directory.path) \(nats.directory.path)\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: result.standardOutputContent, as: UTF8.self)
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("servers ") })
        let fields = line.split(separator: " ").dropFirst().map(String.init)
        try #require(fields.count == 4)
        for folder in fields[2...] {
            try await eventually("the folder \(folder) is gone") { !FileManager.default.fileExists(atPath: folder) }
        }
        for pid in fields[..<2].compactMap({ pid_t($0) }) {
            try await eventually("the server \(pid) is gone") { kill(pid, 0) == -1 }
        }
    }

    @Test func serverLeftByAKilledRunIsStoppedByTheNextOne() async throws {
        // The exit test cannot be told a folder, so both sides know this one.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-test-leftover")
        try? FileManager.default.removeItem(at: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("artesanos-test-leftover")
            let postgres = try await LocalPostgres.start(directory: folder)
            try await postgres.createDatabase("kept")
            kill(getpid(), SIGKILL)
        }
        let next = try await LocalPostgres.start(directory: folder)
        #expect(try await next.ensureDatabase("kept") == false)
        await next.stop()
    }
}
