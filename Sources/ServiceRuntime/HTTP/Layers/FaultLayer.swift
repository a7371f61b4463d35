#if DEBUG
    import Hummingbird
    import Outbox

    /// Between what a request has done and its answer there is a fault point (`FaultPoint`): the process dies with its
    /// transaction committed, and who asked hears nothing.
    struct FaultLayer: RouterMiddleware {
        typealias Context = AppRequestContext

        let point: FaultPoint

        func handle(
            _ request: Request, context: AppRequestContext,
            next: @concurrent (Request, AppRequestContext) async throws -> Response
        ) async throws -> Response {
            let response = try await next(request, context)
            point.passed("http.\(request.method.rawValue) \(context.endpointPath ?? "")")
            return response
        }
    }
#endif
