public import Hummingbird
public import Outbox
public import ServiceLifecycle

/// One of the services, as the host runs it: its routes, its consumers, its jobs. It starts nothing itself.
public protocol ApplicationService: Sendable {
    /// `orders`, `payments` or `inventory`: also the name of its stream and of its database.
    static var name: String { get }
    /// The OpenAPI document, served at `/openapi.yaml`; nil when there is none.
    static var openAPI: String? { get }
    /// Routes that need no token, each as method and pattern, such as `GET /products/{sku}`. Probes, metrics, the
    /// OpenAPI document and `/webhooks/…` need none anyway.
    static var publicRoutes: [String] { get }

    /// Adds the routes. The layers (trace, log, metrics, problems, authentication) are on the router already; a route
    /// asks for who calls with `context.requireIdentity()` or `context.requireRole(_:)`.
    func addRoutes(to router: Router<AppRequestContext>)
    /// What it reads from the broker.
    var consumers: [ConsumerDefinition] { get }
    /// What it does later.
    var jobs: [any JobHandler] { get }
    /// What it needs to be ready, beside its database, the broker and its migrations.
    var readinessChecks: [ReadinessCheck] { get }
    /// What must hold before it consumes, works, or answers for its routes; what does not hold ends the process. Asked
    /// again for as long as the database is away; probes and metrics are served meanwhile.
    var startChecks: [StartCheck] { get }
    /// Anything else that runs as long as the service does.
    var background: [any Service] { get }
}

extension ApplicationService {
    public static var openAPI: String? { nil }
    public static var publicRoutes: [String] { [] }
    public var readinessChecks: [ReadinessCheck] { [] }
    public var startChecks: [StartCheck] { [] }
    public var background: [any Service] { [] }
}
