import Hummingbird
import Logging

/// Turns whatever was thrown inside into a problem, and logs what clients are not told.
struct ProblemLayer: RouterMiddleware {
    typealias Context = AppRequestContext

    let routes: RouteTable

    func handle(
        _ request: Request, context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = problem(for: error, request, context)
            return try problem.response(from: request, context: context)
        }
    }

    private func problem(for error: any Error, _ request: Request, _ context: AppRequestContext) -> Problem {
        if (error as? HTTPError)?.status == .notFound, context.route == "unmatched" {
            let problem = routes.problem(for: request)
            context.trail.note(problem: problem, errorID: nil)
            return problem
        }
        switch ErrorMapping.outcome(of: error) {
        case .told(let problem):
            context.trail.note(problem: problem, errorID: nil)
            return problem
        case .retry(let problem, let reason):
            context.trail.note(problem: problem, errorID: nil)
            context.logger.warning(
                "request could not be served now",
                metadata: [LogKey.route: "\(context.route)", LogKey.error: "\(reason)"])
            return problem
        case .failure(let reason):
            let id = Hex.string(UInt64.random(in: 0...(.max)))
            let problem = Problem.internalError(id: id)
            context.trail.note(problem: problem, errorID: id)
            context.logger.error(
                "request failed",
                metadata: [
                    LogKey.route: "\(context.route)", LogKey.errorID: "\(id)", LogKey.error: "\(reason)",
                ])
            return problem
        }
    }
}
