public import Logging

/// Several private nats-servers of this machine that form one JetStream cluster, for tests.
public struct LocalNATSCluster: Sendable {
    /// The servers, called `n1`, `n2` and so on.
    public let servers: [LocalNATS]

    /// Where clients connect: each of the servers.
    public var urls: [String] { servers.map(\.url) }

    /// Starts the servers. The cluster has no leader yet when this returns; JetStream refuses until it has.
    /// - Parameters:
    ///   - count: an odd number.
    ///   - jetStream: more lines for each server's `jetstream` block.
    ///   - logger: told of leftovers of earlier runs.
    /// - Throws: `LocalServerError`, with the last lines of the log of the server that did not start.
    public static func start(
        _ count: Int = 3, jetStream: String = "", logger: Logger = Logger(label: "artesanos.local-servers")
    ) async throws -> LocalNATSCluster {
        let ports = try (0..<count).map { _ in try FreePort.next() }
        let routes = ports.map { "\"nats://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        var servers: [LocalNATS] = []
        do {
            for (index, port) in ports.enumerated() {
                servers.append(
                    try await LocalNATS.start(
                        name: "n\(index + 1)",
                        configuration: """
                            cluster {
                                name: "local"
                                listen: "127.0.0.1:\(port)"
                                routes: [\(routes)]
                            }
                            """, jetStream: jetStream, logger: logger))
            }
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
        return LocalNATSCluster(servers: servers)
    }

    /// The server of this name, such as JetStream says who leads a stream.
    public func server(named name: String) -> LocalNATS? {
        servers.first { $0.name == name }
    }

    /// Stops all servers for good and deletes their folders.
    public func stop() async {
        for server in servers { await server.stop() }
    }
}
