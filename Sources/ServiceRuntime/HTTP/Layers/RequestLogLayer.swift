import Crypto
import Hummingbird
import Logging

/// One record a request: method, route (the pattern, so that ids stay out), status, milliseconds, who (hashed).
struct RequestLogLayer: RouterMiddleware {
    typealias Context = AppRequestContext

    func handle(
        _ request: Request, context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let route = context.route
        let level = Self.level(route: route, status: response.status)
        if level >= context.logger.logLevel {
            let notes = context.trail.current
            var metadata: Logger.Metadata = [
                LogKey.method: "\(request.method.rawValue)", LogKey.route: "\(route)",
                LogKey.status: "\(response.status.code)",
                LogKey.durationMilliseconds: "\((ContinuousClock.now - start).millisecondsText)",
            ]
            if let identity = notes.identity {
                metadata[LogKey.caller] = "\(Self.hash(identity.subject))"
                metadata[LogKey.role] = "\(identity.role.rawValue)"
            }
            if let code = notes.problemCode { metadata[LogKey.problem] = "\(code)" }
            if let id = notes.errorID { metadata[LogKey.errorID] = "\(id)" }
            context.logger.log(level: level, "request", metadata: metadata)
        }
        return response
    }

    /// Probes and scrapes come every few seconds and tell nothing.
    private static func level(route: String, status: HTTPResponse.Status) -> Logger.Level {
        if status.kind == .serverError && status != .serviceUnavailable { return .error }
        return PublicRoutes.isOperational(route) ? .debug : .info
    }

    private static func hash(_ subject: String) -> String {
        Hex.string(SHA256.hash(data: Array(subject.utf8)).prefix(6))
    }
}

extension AppRequestContext {
    /// The route's pattern, such as `/orders/{id}`; `unmatched` when there is none, so that the label stays bounded.
    var route: String {
        guard let path = endpointPath, path != "NotFound" else { return "unmatched" }
        return path
    }
}
