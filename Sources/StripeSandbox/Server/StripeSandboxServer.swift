import AsyncHTTPClient
import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle

/// A stand-in for Stripe: it speaks the part of Stripe's API that this project uses, over HTTP, with test payment
/// methods, signed webhooks, and faults on demand.
///
/// `POST`, `GET /v1/payment_intents`, `…/{id}`, `…/confirm`, `…/cancel`, `…/capture`; `POST`, `GET /v1/refunds`;
/// `GET /v1/charges/{id}`; `GET /v1/events`. Controls, as JSON: `GET /_sandbox/state`, `POST /_sandbox/reset`, `GET`,
/// `PUT`, `POST`, `DELETE /_sandbox/faults`, `PUT /_sandbox/webhooks`, `POST /_sandbox/forget_keys`,
/// `POST /_sandbox/payment_intents/{id}/{pay|complete_action|finish_processing}`, `POST /_sandbox/refunds/{id}/finish`,
/// `POST /_sandbox/events/{id}/resend`.
public final class StripeSandboxServer: Service {
    private let configuration: StripeSandboxConfiguration
    private let engine: SandboxEngine
    private let controls: SandboxControls
    private let bound = BoundPort()
    private let logger: Logger

    /// - Throws: when the journal can't be read or written.
    public init(
        _ configuration: StripeSandboxConfiguration = StripeSandboxConfiguration(),
        logger: Logger = Logger(label: "stripe-sandbox")
    ) throws {
        self.configuration = configuration
        self.logger = logger
        engine = try SandboxEngine(configuration, logger: logger)
        controls = SandboxControls(engine: engine)
    }

    /// Serves until it is shut down or cancelled. It can run once.
    /// - Throws: when the address can't be bound.
    public func run() async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.clientConfiguration)
        do {
            try await serve(client)
        } catch {
            bound.set(.failure(error))
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private func serve(_ client: HTTPClient) async throws {
        let api = SandboxAPI(
            engine: engine, secretKeys: Set(configuration.secretKeys),
            publishableKeys: Set(configuration.publishableKeys), apiVersion: configuration.apiVersion)
        // Cancelled with connections open, which is how tests end it, the framework would log an error for each.
        var quiet = logger
        quiet.logLevel = .critical
        let application = Application(
            responder: SandboxResponder(api: api, controls: controls),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil),
            onServerRunning: { [bound, logger] channel in
                let port = channel.localAddress?.port ?? 0
                bound.set(.success(port))
                logger.info("stripe sandbox listens", metadata: ["port": "\(port)"])
            },
            logger: quiet)
        let dispatcher = WebhookDispatcher(
            engine: engine, client: client, retry: configuration.webhookRetry, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { await dispatcher.run() }
            // The first to end is the server: the dispatcher only ends when it is cancelled.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return configuration
    }

    /// The port it listens on; waits until it does.
    /// - Throws: when it could not listen.
    public func port() async throws -> Int { try await bound.value() }

    /// Where a client finds it, such as `http://127.0.0.1:12111`; waits until it listens.
    /// - Throws: when it could not listen.
    public func baseURL() async throws -> String { "http://\(configuration.host):\(try await port())" }

    /// Runs a server for as long as `body` runs. Without a logger only warnings are logged.
    /// - Throws: what `body` throws, unchanged.
    public static func withServer<Result: Sendable>(
        _ configuration: StripeSandboxConfiguration = StripeSandboxConfiguration(),
        logger: Logger? = nil,
        _ body: (StripeSandboxServer) async throws -> Result
    ) async throws -> Result {
        var quiet = Logger(label: "stripe-sandbox")
        quiet.logLevel = .warning
        let server = try StripeSandboxServer(configuration, logger: logger ?? quiet)
        quiet.logLevel = .critical
        let services = ServiceGroup(configuration: .init(services: [server], logger: quiet))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            do {
                _ = try await server.port()
                let result = try await body(server)
                // Not cancelled: the framework does not survive that with a connection just accepted.
                await services.triggerGracefulShutdown()
                try await group.waitForAll()
                return result
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
        }
    }

    // MARK: Controls

    /// All objects as they are.
    public func snapshot() throws -> SandboxSnapshot { try controls.snapshot() }

    /// Replaces the faults.
    public func setFaults(_ faults: [SandboxFault]) throws { _ = try controls.setFaults(faults) }

    /// Forgets all idempotency keys, as Stripe may after a day: what is asked for again under one is done once more.
    public func forgetKeys() throws { try controls.forgetKeys() }

    /// Replaces the endpoints that events are delivered to, from the next event on.
    public func setWebhooks(_ endpoints: [WebhookEndpoint]) throws { try controls.setWebhooks(endpoints) }

    /// Confirms a PaymentIntent as the customer's browser would; a decline is no error.
    /// - Throws: when there is no such PaymentIntent or payment method, or its status does not allow it.
    public func pay(_ paymentIntent: String, with paymentMethod: String = "pm_card_visa") throws {
        try controls.pay(paymentIntent, with: paymentMethod)
    }

    /// The customer does what `requires_action` asks for, or fails at it.
    /// - Throws: when there is no such PaymentIntent, or it asks for no action.
    public func completeAction(_ paymentIntent: String, succeeds: Bool = true) throws {
        try controls.completeAction(paymentIntent, succeeds: succeeds)
    }

    /// Ends a PaymentIntent that is processing.
    /// - Throws: when there is no such PaymentIntent, or it is not processing.
    public func finishProcessing(_ paymentIntent: String, succeeds: Bool = true) throws {
        try controls.finishProcessing(paymentIntent, succeeds: succeeds)
    }

    /// Ends a refund; one that has succeeded can still fail.
    /// - Throws: when there is no such refund, or it has ended.
    public func finishRefund(_ refund: String, succeeds: Bool = true) throws {
        try controls.finishRefund(refund, succeeds: succeeds)
    }

    /// Forgets every object.
    public func reset() { engine.reset() }
}
