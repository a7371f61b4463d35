import Foundation

/// The programs of one Postgres installation.
struct PostgresPrograms: Sendable {
    /// The oldest major version that the migrations are made for.
    static let oldestMajor = 15

    let folder: String
    let major: Int

    var postgres: String { folder + "/postgres" }
    var initdb: String { folder + "/initdb" }
    var basebackup: String { folder + "/pg_basebackup" }
    var psql: String { ProgramSearch.isExecutable(folder + "/psql") ? folder + "/psql" : "psql" }

    /// Finds the server: `POSTGRES_BIN` (a folder) alone when set, else `PATH`, the folders of Debian's packages (highest
    /// version first) and Homebrew's.
    /// - Parameter major: the version that an existing data directory needs, nil for any that is new enough.
    static func find(major wanted: Int? = nil) async throws(LocalServerError) -> PostgresPrograms {
        let given = ProcessInfo.processInfo.environment["POSTGRES_BIN"]
        var seen: [String] = []
        for folder in given.map({ [$0] }) ?? candidates() {
            guard ProgramSearch.isExecutable(folder + "/postgres") else { continue }
            let real = URL(fileURLWithPath: folder + "/postgres").resolvingSymlinksInPath()
                .deletingLastPathComponent().path
            guard ProgramSearch.isExecutable(real + "/initdb") else { continue }
            let line = try await ShortCommand(real + "/postgres", ["--version"]).runChecked()
            guard let major = ProgramSearch.version(in: line)?.first else { continue }
            if wanted.map({ $0 == major }) ?? (major >= oldestMajor) {
                return PostgresPrograms(folder: real, major: major)
            }
            seen.append("\(real) (version \(major))")
        }
        let need = wanted.map { "Postgres \($0)" } ?? "Postgres \(oldestMajor) or newer"
        let looked = given.map { "POSTGRES_BIN=\($0)" } ?? "PATH, /usr/lib/postgresql and Homebrew's folders"
        throw LocalServerError(
            .missingProgram,
            "\(need) is needed (postgres and initdb), and \(looked) has "
                + (seen.isEmpty ? "none" : "only \(seen.joined(separator: ", "))")
                + ". `make setup` installs it, or says what to install.")
    }

    private static func candidates() -> [String] {
        var folders = ProgramSearch.pathFolders
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        folders += versions.compactMap(Int.init).sorted(by: >).map { "\(debian)/\($0)/bin" }
        for cellar in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"] {
            let formulas = (try? FileManager.default.contentsOfDirectory(atPath: cellar)) ?? []
            let postgres = formulas.filter { $0.hasPrefix("postgresql") }
            folders += postgres.sorted { $0.compare($1, options: .numeric) == .orderedDescending }
                .map { "\(cellar)/\($0)/bin" }
        }
        return folders
    }
}
