public import Outbox

/// How a service is hosted.
public struct HostOptions: Sendable {
    /// The address to listen on.
    public var host: String
    /// 0 takes a free port; ``onServing`` tells which.
    public var port: Int
    /// The schema that the service's database must have to be ready.
    public var migrations: [Migration]
    /// How long relayed events stay in the ledger.
    public var outboxRetention: Duration
    /// How long a graceful stop may take before what still runs is cancelled.
    public var shutdownTimeout: Duration
    /// Called with the port once requests are accepted, which is before the service's start checks have passed.
    public var onServing: @Sendable (Int) async -> Void

    public init(
        host: String = "127.0.0.1", port: Int, migrations: [Migration],
        outboxRetention: Duration = .days(14), shutdownTimeout: Duration = .seconds(25),
        onServing: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.migrations = migrations
        self.outboxRetention = outboxRetention
        self.shutdownTimeout = shutdownTimeout
        self.onServing = onServing
    }

    /// As the configuration says.
    public init(
        _ configuration: ArtesanosConfiguration, service: String, migrations: [Migration],
        onServing: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.init(
            host: configuration.http.host, port: configuration.http.port(of: service) ?? 0, migrations: migrations,
            outboxRetention: configuration.relay.retention, shutdownTimeout: configuration.shutdownTimeout,
            onServing: onServing)
    }
}
