import Hummingbird

/// The innermost layer: no route is reached without a valid token, except the public ones.
struct AuthenticationLayer: RouterMiddleware {
    typealias Context = AppRequestContext

    let authenticator: Authenticator
    let publicRoutes: PublicRoutes

    func handle(
        _ request: Request, context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        // Without a route there is nothing to protect, and 404 says more than 401.
        guard let route = context.endpointPath else { return try await next(request, context) }
        let method = request.method.rawValue
        if publicRoutes.contains(method: method, route: route) {
            // Who sends a token to what anybody may read is known there too: it may show the caller more.
            guard publicRoutes.isOfService(method: method, route: route), request.headers[.authorization] != nil
            else { return try await next(request, context) }
        }
        var context = context
        context.identity = try await authenticator.identity(authorization: request.headers[.authorization])
        return try await next(request, context)
    }
}
