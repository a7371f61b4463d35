import Foundation

/// The nats-server program.
enum NATSProgram {
    /// 2.11 brought what the consumers rely on; 2.12 adds atomic batches, which are used where they are there.
    static let oldest = [2, 11]

    /// Finds nats-server: `NATS_SERVER` alone when set, else `PATH`, else `.dev/bin` of the package, where
    /// `scripts/setup.sh` puts the pinned one.
    static func find() async throws(LocalServerError) -> String {
        let given = ProcessInfo.processInfo.environment["NATS_SERVER"]
        let inPath = ProgramSearch.pathFolders.map { $0 + "/nats-server" }
        let ours = ProgramSearch.packageRoots.map { $0.appendingPathComponent(".dev/bin/nats-server").path }
        var seen: [String] = []
        for path in given.map({ [$0] }) ?? (inPath + ours) where ProgramSearch.isExecutable(path) {
            let (status, line) = try await ShortCommand(path, ["--version"]).run()
            guard status == 0, line.contains("nats-server"), let version = ProgramSearch.version(in: line) else {
                seen.append("\(path) (does not tell its version)")
                continue
            }
            if !version.lexicographicallyPrecedes(oldest) { return path }
            seen.append("\(path) (version \(version.map(String.init).joined(separator: ".")))")
        }
        let looked = given.map { "NATS_SERVER=\($0)" } ?? "PATH and the package's .dev/bin"
        throw LocalServerError(
            .missingProgram,
            "nats-server 2.11 or newer is needed, and \(looked) has "
                + (seen.isEmpty ? "none" : "only \(seen.joined(separator: ", "))")
                + ". `make setup` installs a pinned one, or says what to install.")
    }
}
