public import Foundation
public import Logging
import Synchronization

/// A private nats-server of this machine with JetStream on files, for development and tests. It ends with this process,
/// however that ends.
public final class LocalNATS: Sendable {
    /// The TCP port, the same after `restart()`.
    public let port: Int
    /// The folder with the streams, the configuration and the log.
    public let directory: URL

    /// What the server calls itself: `leader` in JetStream's answers.
    public let name: String

    private let place: ServerDirectory
    private let program: String
    private let server: Mutex<SupervisedServer?>

    /// Where clients connect, without credentials.
    public var url: String { "nats://127.0.0.1:\(port)" }

    /// What JetStream has stored. To be copied or replaced while the server does not run.
    public var store: URL { place.data }

    private init(name: String, port: Int, place: ServerDirectory, program: String) {
        self.name = name
        self.port = port
        self.place = place
        self.program = program
        directory = place.url
        server = Mutex(nil)
    }

    /// Starts a server and waits until it accepts connections. A server that an earlier run left in the same folder is
    /// stopped first.
    /// - Parameters:
    ///   - name: the server's, unique in its cluster.
    ///   - directory: made when missing, kept with its streams afterwards; nil for a temporary one that is deleted at the
    ///     end.
    ///   - port: nil for a free one.
    ///   - configuration: more lines for the server's configuration file, such as users and permissions.
    ///   - jetStream: more lines for its `jetstream` block, such as `sync_interval: always`.
    ///   - logger: told of leftovers of earlier runs.
    /// - Throws: `LocalServerError`, with the last lines of the server's log when it did not start.
    public static func start(
        name: String = "artesanos-local", directory: URL? = nil, port: Int? = nil, configuration: String = "",
        jetStream: String = "", logger: Logger = Logger(label: "artesanos.local-servers")
    ) async throws -> LocalNATS {
        let place = try ServerDirectory(directory, kind: "nats", user: nil, logger: logger)
        do {
            try await place.endLeftover(logger: logger)
            let program = try await NATSProgram.find()
            var attempts = port == nil ? 5 : 1
            while true {
                attempts -= 1
                let nats = LocalNATS(
                    name: name, port: try port ?? FreePort.next(), place: place, program: program)
                try nats.configure(configuration, jetStream: jetStream)
                do {
                    try await nats.launch()
                    return nats
                } catch let error as LocalServerError where attempts > 0 && error.isPortTaken {
                    continue  // Another program took the port in between: try the next free one.
                }
            }
        } catch {
            place.release()
            throw error
        }
    }

    /// The server's process, nil when it does not run.
    public var processID: Int32? {
        server.withLock { $0 }.flatMap { $0.exitStatus == nil ? $0.serverPID : nil }
    }

    /// The last lines that the server wrote to its log.
    public func logTail(lines: Int = 20) -> String {
        server.withLock { $0 }?.logTail(lines: lines) ?? ""
    }

    /// Stops the server in order, for good: a temporary folder is deleted, and another run may use the folder.
    public func stop() async {
        await server.withLock { $0 }?.stop()
        place.release()
    }

    /// SIGKILL, as in a crash; returns when the server is gone.
    public func kill() async {
        await server.withLock { $0 }?.kill()
    }

    /// Starts the server again on the same port and streams: after `kill()`, or stopping it in order first.
    public func restart() async throws {
        await server.withLock { $0 }?.stop()
        try await launch()
    }

    /// Makes the running server read its configuration again (SIGHUP); returns when it has.
    public func reload() async throws {
        guard let server = server.withLock({ $0 }) else { return }
        let marker = "Reloaded server configuration"
        func count() -> Int { server.logTail(lines: 1000).components(separatedBy: marker).count }
        let before = count()
        server.signal(SIGHUP)
        guard try await Polling.wait(within: .seconds(10), until: { count() > before }) else {
            throw LocalServerError(.start, "nats-server did not take the new configuration:\n\(logTail())")
        }
    }

    /// Freezes the server (SIGSTOP): its connections stay open and nothing answers.
    public func pause() {
        server.withLock { $0 }?.signal(SIGSTOP)
    }

    /// Lets a paused server go on (SIGCONT).
    public func resume() {
        server.withLock { $0 }?.signal(SIGCONT)
    }

    private var configurationFile: URL { place.url.appendingPathComponent("nats.conf") }

    /// Writes the configuration anew; it holds from the next ``reload()`` or ``restart()`` on.
    /// - Parameters:
    ///   - extra: more lines, such as users and permissions.
    ///   - jetStream: more lines for the `jetstream` block; nil for a server without JetStream.
    public func configure(_ extra: String = "", jetStream: String? = "") throws {
        let block = jetStream.map { "jetstream {\n    store_dir: \"\(place.data.path)\"\n\($0)\n}" } ?? ""
        let text = """
            server_name: "\(name)"
            listen: "127.0.0.1:\(port)"
            \(block)
            \(extra)

            """
        do {
            try text.write(to: configurationFile, atomically: true, encoding: .utf8)
        } catch {
            throw LocalServerError(.directory, "cannot write \(configurationFile.path): \(error)")
        }
    }

    private func launch() async throws {
        let started = try SupervisedServer(
            .init(
                command: [program, "--config", configurationFile.path], directory: place, stopSignal: "TERM",
                abandonSignal: "TERM", grace: .seconds(10)))
        server.withLock { $0 = started }
        // Large streams are read before the server is ready.
        try await started.waitUntilReady("nats-server", within: .seconds(60)) {
            started.logTail(lines: 1000).contains("Server is ready")
        }
    }
}
