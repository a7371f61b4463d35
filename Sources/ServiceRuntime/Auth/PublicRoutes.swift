/// Which routes need no token.
struct PublicRoutes: Sendable {
    private let routes: Set<String>

    /// - Parameter routes: method and pattern, such as `GET /products/{sku}`.
    init(_ routes: [String]) {
        self.routes = Set(routes)
    }

    /// Probes, metrics, the OpenAPI document, and webhooks, which carry a signature of their own.
    func contains(method: String, route: String) -> Bool {
        Self.isOperational(route) || route == "/openapi.yaml" || route.hasPrefix("/webhooks/")
            || isOfService(method: method, route: route)
    }

    /// Those that the service itself has declared: reads that need no token, but may know one.
    func isOfService(method: String, route: String) -> Bool {
        routes.contains("\(method) \(route)") || (method == "HEAD" && routes.contains("GET \(route)"))
    }

    static func isOperational(_ route: String) -> Bool {
        route.hasPrefix("/health/") || route == "/metrics" || route == "/orders/metrics"
    }
}
