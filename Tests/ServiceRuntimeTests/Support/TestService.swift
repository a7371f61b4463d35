import Hummingbird
import HummingbirdTesting
import Logging
import ServiceRuntime
import TestSupport

/// A router with all layers and a few routes, as a service would have it.
enum TestService {
    static let secret = "0123456789abcdef0123456789abcdef"

    static func authenticator(secrets: [String] = [secret]) async throws -> Authenticator {
        try await Authenticator(AuthConfiguration(secrets: secrets))
    }

    /// An `Authorization` header.
    static func bearer(
        _ subject: String = "customer-1", _ role: Role = .customer, secret: String = secret,
        lifetime: Duration = .seconds(60)
    ) async throws -> String {
        "Bearer " + (try await TokenIssuer(secret: secret).token(subject: subject, role: role, lifetime: lifetime))
    }

    /// Serves the routes in process, with a token of a customer at hand.
    static func test(
        publicRoutes: [String] = [], tracer: LightTracer = LightTracer(), logger: Logger = .test,
        _ addRoutes: (Router<AppRequestContext>) -> Void,
        _ body: @Sendable (any TestClientProtocol, HTTPFields) async throws -> Void
    ) async throws {
        let layers = HTTPLayers(
            service: "test", authenticator: try await authenticator(), publicRoutes: publicRoutes, tracer: tracer,
            logger: logger)
        let application = Application(router: layers.router(addRoutes), logger: logger)
        let token = try await bearer()
        try await application.test(.router) { client in
            try await body(client, [.authorization: token])
        }
    }
}
