public import Foundation
public import Logging
import Synchronization

/// A private Postgres server of this machine, for development and tests. It ends with this process, however that ends.
///
/// It listens on 127.0.0.1 only, trusts every local user (the superuser is `postgres`), and writes to `server.log` in its
/// folder. As root it runs as the user `postgres`.
public final class LocalPostgres: Sendable {
    /// The TCP port, the same after `restart()`.
    public let port: Int
    /// The folder with the data and the log.
    public let directory: URL

    private let place: ServerDirectory
    private let programs: PostgresPrograms
    private let user: ServerUser?
    private let settings: [String: String]
    private let server: Mutex<SupervisedServer?>

    /// Good for tests and development: as durable as production (fsync on), small memory, everything that tests look at.
    public static let defaultSettings: [String: String] = [
        "max_connections": "200",
        "max_prepared_transactions": "16",
        "shared_buffers": "256MB",
        "wal_level": "replica",
        "fsync": "on",
        "jit": "off",
        "log_min_messages": "warning",
        "log_timezone": "UTC",
        "timezone": "UTC",
        // A few seconds' worth of spare log files; recycled ones are cheaper than new ones.
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
    ]

    private init(
        port: Int, place: ServerDirectory, programs: PostgresPrograms, user: ServerUser?, settings: [String: String]
    ) {
        self.port = port
        self.place = place
        self.programs = programs
        self.user = user
        self.settings = settings
        directory = place.url
        server = Mutex(nil)
    }

    /// Starts a server and waits until it accepts connections. A server that an earlier run left in the same folder is
    /// stopped first.
    /// - Parameters:
    ///   - directory: made when missing, kept with its data afterwards; nil for a temporary one that is deleted at the
    ///     end. As root, a place that the user `postgres` cannot reach is replaced by a folder under `/var/tmp`, and a
    ///     link is left in the wanted place.
    ///   - port: nil for a free one.
    ///   - settings: Postgres parameters over `defaultSettings`; `["fsync": "off"]` for speed.
    ///   - logger: told of fallbacks and of leftovers of earlier runs.
    /// - Throws: `LocalServerError`, with the last lines of the server's log when it did not start.
    public static func start(
        directory: URL? = nil, port: Int? = nil, settings: [String: String] = [:],
        logger: Logger = Logger(label: "artesanos.local-servers")
    ) async throws -> LocalPostgres {
        let all = defaultSettings.merging(settings) { $1 }
        return try await start(directory: directory, port: port, settings: all, logger: logger) { programs, draft in
            [programs.initdb, "--no-locale", "-E", "UTF8", "-A", "trust", "-U", "postgres"]
                + (directory == nil ? ["--no-sync"] : []) + ["-D", draft]
        }
    }

    /// Starts a hot standby of this server in a temporary folder: a copy of its data (pg_basebackup), kept up to date
    /// by streaming replication. ``promote()`` makes a server of its own of it.
    public func startStandby(logger: Logger = Logger(label: "artesanos.local-servers")) async throws -> LocalPostgres {
        let source = "host=127.0.0.1 port=\(port) user=postgres application_name=standby"
        return try await Self.start(directory: nil, port: nil, settings: settings, logger: logger) { programs, draft in
            // `-R` writes what makes it a standby; the checkpoint at once, or it would wait for the next regular one.
            [programs.basebackup, "-D", draft, "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        }
    }

    private static func start(
        directory: URL?, port: Int?, settings: [String: String], logger: Logger,
        making: (PostgresPrograms, _ draft: String) -> [String]
    ) async throws -> LocalPostgres {
        let user = try ServerUser.current()
        let place = try ServerDirectory(directory, kind: "postgres", user: user, logger: logger)
        do {
            try await place.endLeftover(logger: logger)
            let programs = try await PostgresPrograms.find(major: try existingMajor(in: place))
            try await initialise(place, user: user) { making(programs, $0) }
            var attempts = port == nil ? 5 : 1
            while true {
                attempts -= 1
                let postgres = LocalPostgres(
                    port: try port ?? FreePort.next(), place: place, programs: programs, user: user, settings: settings)
                do {
                    try await postgres.launch()
                    return postgres
                } catch let error as LocalServerError where attempts > 0 && error.isPortTaken {
                    continue  // Another program took the port in between: try the next free one.
                }
            }
        } catch {
            place.release()
            throw error
        }
    }

    /// A libpq URI for a database of this server.
    /// - Parameter user: the superuser unless told otherwise; no role needs a password here.
    public func connectionString(database: String, user: String = "postgres") -> String {
        let parts = [user, database].map { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? $0 }
        return "postgresql://\(parts[0])@127.0.0.1:\(port)/\(parts[1])"
    }

    /// Creates a database.
    /// - Parameter template: the database to copy; nobody may be connected to it.
    public func createDatabase(_ name: String, template: String? = nil) async throws {
        let copy = template.map { " template \(Self.quoted($0))" } ?? ""
        try await execute("create database \(Self.quoted(name))\(copy)")
    }

    /// Creates a database if there is none of this name yet.
    /// - Returns: whether it was created.
    @discardableResult
    public func ensureDatabase(_ name: String) async throws -> Bool {
        let literal = name.replacingOccurrences(of: "'", with: "''")
        let found = try await execute("select 1 from pg_database where datname = '\(literal)'")
        guard found.isEmpty else { return false }
        try await createDatabase(name)
        return true
    }

    /// Runs SQL through psql: for set-up; everything else takes a connection.
    /// - Returns: the rows, unaligned, without header.
    @discardableResult
    public func execute(_ sql: String, database: String = "postgres") async throws -> String {
        try await ShortCommand(
            programs.psql,
            ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", connectionString(database: database), "-c", sql]
        ).runChecked()
    }

    /// Runs a file of SQL through psql, as the superuser.
    /// - Parameter variables: what the file uses as `:name`.
    /// - Returns: the rows, unaligned, without header.
    @discardableResult
    public func execute(file: URL, database: String, variables: [String: String] = [:]) async throws -> String {
        let settings = variables.sorted { $0.key < $1.key }.flatMap { ["-v", "\($0.key)=\($0.value)"] }
        return try await ShortCommand(
            programs.psql,
            ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", connectionString(database: database)] + settings
                + ["-f", file.path]
        ).runChecked()
    }

    /// The server's main process, nil when it does not run.
    public var processID: Int32? {
        server.withLock { $0 }.flatMap { $0.exitStatus == nil ? $0.serverPID : nil }
    }

    /// The last lines that the server wrote to its log.
    public func logTail(lines: Int = 20) -> String {
        server.withLock { $0 }?.logTail(lines: lines) ?? ""
    }

    /// Makes a standby a server of its own, which takes writes; returns when it does.
    public func promote() async throws {
        guard try await execute("select pg_promote(true, 60)") == "t" else {
            throw LocalServerError(.start, "the standby was not promoted:\n\(logTail())")
        }
    }

    /// Cuts a standby off from its primary: what is written there from now on is missing here.
    public func stopReplication() async throws {
        try await execute("alter system set primary_conninfo = ''")
        try await execute("select pg_reload_conf()")
        let isCutOff = try await Polling.wait(within: .seconds(10)) {
            try await execute("select count(*) from pg_stat_wal_receiver") == "0"
        }
        guard isCutOff else { throw LocalServerError(.start, "the standby still receives:\n\(logTail())") }
    }

    /// Stops the server in order (open connections are ended, a checkpoint is written), for good: a temporary folder is
    /// deleted, and another run may use the folder.
    public func stop() async {
        await server.withLock { $0 }?.stop()
        place.release()
    }

    /// SIGKILL to the server and all its processes, as in a crash; returns when they are gone.
    public func kill() async {
        await server.withLock { $0 }?.kill()
    }

    /// Starts the server again on the same port and data: after `kill()`, or stopping it in order first.
    public func restart() async throws {
        await server.withLock { $0 }?.stop()
        try await launch()
    }

    private func launch() async throws {
        // Without the socket folder: its default belongs to Debian's own cluster. TCP is all that is used here.
        var options = settings.merging(["listen_addresses": "127.0.0.1", "port": "\(port)"]) { $1 }
        options["unix_socket_directories"] = settings["unix_socket_directories"] ?? ""
        let arguments = options.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        var command = [programs.postgres, "-D", place.data.path] + arguments
        if let user { command = try user.command(command) }

        // A pid file without its server may name a process that now is another program, and Postgres would refuse to
        // start. Its own check of the shared memory still keeps two servers apart.
        let statusFile = place.data.appendingPathComponent("postmaster.pid")
        try? FileManager.default.removeItem(at: statusFile)

        let started = try SupervisedServer(
            .init(
                command: command, directory: place,
                // A folder that is deleted anyway needs no last checkpoint.
                stopSignal: "INT", abandonSignal: "QUIT", grace: .seconds(15)))
        server.withLock { $0 = started }
        // As pg_ctl does: the server writes its state into the eighth line. Recovery after a crash may take a while.
        try await started.waitUntilReady("Postgres", within: .seconds(60)) {
            guard let text = try? String(contentsOf: statusFile, encoding: .utf8) else { return false }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.count > 7 && lines[7].hasPrefix("ready")
        }
    }

    private static func existingMajor(in place: ServerDirectory) throws -> Int? {
        let file = place.data.appendingPathComponent("PG_VERSION")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Makes the cluster beside its final place, so that an interrupted command leaves no half of one there.
    private static func initialise(
        _ place: ServerDirectory, user: ServerUser?, making: (_ draft: String) -> [String]
    ) async throws {
        let files = FileManager.default
        guard !files.fileExists(atPath: place.data.path) else { return }
        let draft = place.url.appendingPathComponent("data.new")
        try? files.removeItem(at: draft)
        guard mkdir(draft.path, 0o700) == 0, user.map({ chown(draft.path, $0.uid, $0.gid) == 0 }) ?? true else {
            throw LocalServerError(.directory, "cannot make \(draft.path): \(String(cString: strerror(errno)))")
        }
        var command = making(draft.path)
        if let user { command = try user.command(command) }
        try await ShortCommand(command[0], Array(command.dropFirst())).runChecked()
        try files.moveItem(at: draft, to: place.data)
    }

    private static func quoted(_ identifier: String) -> String {
        "\"" + identifier.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

extension LocalServerError {
    /// Whether the server did not start because its port is taken.
    var isPortTaken: Bool {
        code == .start && message.localizedCaseInsensitiveContains("address already in use")
    }
}
