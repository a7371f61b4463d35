import HTTPTypes
import Hummingbird
public import JetStream
public import Logging
import NIOCore
public import ServiceLifecycle
public import ServiceRuntime

/// Probes and metrics of a process that only relays: `/health/live`, `/health/ready`, `/metrics`.
///
/// It is ready while it is connected to NATS; that its databases answer is in the metrics, because a relay that waits for
/// one of them still serves the others.
public struct RelayEndpoint: Service {
    private let host: String
    private let port: Int
    private let connection: NATSConnection
    private let metrics: PrometheusRegistry
    private let logger: Logger
    private let onServing: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - port: 0 takes a free one; `onServing` tells which.
    ///   - onServing: called with the port once requests are accepted.
    public init(
        host: String, port: Int, connection: NATSConnection, metrics: PrometheusRegistry, logger: Logger,
        onServing: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.connection = connection
        self.metrics = metrics
        self.logger = logger
        self.onServing = onServing
    }

    public func run() async throws {
        let router = Router()
        router.get("/health/live") { _, _ in Self.answer(#"{"status":"live"}"#) }
        router.get("/health/ready") { [connection] _, _ in
            connection.isConnected
                ? Self.answer(#"{"status":"ready"}"#)
                : Self.answer(#"{"status":"notReady","checks":[{"name":"nats","status":"down"}]}"#, .serviceUnavailable)
        }
        router.get("/metrics") { [metrics] _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await metrics.exposition())))
        }
        var quiet = logger
        quiet.logLevel = max(quiet.logLevel, .notice)
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [onServing, logger, port] channel in
                let port = channel.localAddress?.port ?? port
                logger.info("relay's endpoint listens", metadata: [LogKey.port: "\(port)"])
                await onServing(port)
            },
            logger: quiet)
        try await application.run()
    }

    private static func answer(_ json: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: json)))
    }
}
