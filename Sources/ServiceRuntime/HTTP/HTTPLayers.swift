public import Hummingbird
public import Logging
import Outbox

/// The layers around every route, outermost first: trace, request log, metrics, problems, authentication.
public struct HTTPLayers: Sendable {
    private let service: String
    private let authenticator: Authenticator
    private let publicRoutes: PublicRoutes
    private let tracer: LightTracer
    private let logger: Logger?

    /// - Parameters:
    ///   - service: the label of the metrics.
    ///   - authenticator: verifies bearer tokens.
    ///   - publicRoutes: routes that need no token beside those of operation and `/webhooks/…`, each as method and
    ///     pattern, such as `GET /products/{sku}`.
    ///   - tracer: makes the spans.
    ///   - logger: of the requests; nil takes the application's.
    public init(
        service: String, authenticator: Authenticator, publicRoutes: [String] = [], tracer: LightTracer = LightTracer(),
        logger: Logger? = nil
    ) {
        self.service = service
        self.authenticator = authenticator
        self.publicRoutes = PublicRoutes(publicRoutes)
        self.tracer = tracer
        self.logger = logger
    }

    /// A router with the layers on, and the routes that `addRoutes` adds.
    public func router(
        _ addRoutes: (Router<AppRequestContext>) -> Void
    ) -> Router<AppRequestContext> {
        let routes = RouteTable()
        let router = Router(context: AppRequestContext.self, options: .autoGenerateHeadEndpoints)
        #if DEBUG
            if let point = FaultPoint.ofProcess { router.add(middleware: FaultLayer(point: point)) }
        #endif
        router.add(middleware: TraceLayer(tracer: tracer, logger: logger))
        router.add(middleware: RequestLogLayer())
        router.add(middleware: RequestMetricsLayer(service: service))
        router.add(middleware: ProblemLayer(routes: routes))
        router.add(middleware: AuthenticationLayer(authenticator: authenticator, publicRoutes: publicRoutes))
        addRoutes(router)
        routes.fill(from: router)
        return router
    }
}
