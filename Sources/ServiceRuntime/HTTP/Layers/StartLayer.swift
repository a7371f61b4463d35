import Hummingbird

/// Answers 503 `starting` for the routes behind it until the service's start gate is open.
struct StartLayer: RouterMiddleware {
    typealias Context = AppRequestContext

    let gate: StartGate

    func handle(
        _ request: Request, context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        guard gate.isOpen else { throw Problem.starting }
        return try await next(request, context)
    }
}
