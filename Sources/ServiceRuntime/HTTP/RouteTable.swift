import HTTPTypes
import Hummingbird
import Synchronization

/// The routes of a service, known once all are added: tells a wrong path from a wrong method.
final class RouteTable: Sendable {
    private let routes = Mutex<[(path: RouterPath, method: HTTPRequest.Method)]>([])

    func fill(from router: Router<AppRequestContext>) {
        let all = router.routes.map { ($0.path, $0.method) }
        routes.withLock { $0 = all }
    }

    /// 405 `method_not_allowed` with `Allow` when the path has routes of other methods, else 404 `route_not_found`.
    func problem(for request: Request) -> Problem {
        let parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: true)
        let methods = routes.withLock { routes in
            routes.filter { Self.matches($0.path, parts) }.map(\.method.rawValue)
        }
        guard !methods.isEmpty else {
            return Problem(
                .notFound, code: "route_not_found", title: "Not found", detail: "nothing is served at this path")
        }
        let allowed = Set(methods).sorted().joined(separator: ", ")
        return Problem(
            .methodNotAllowed, code: "method_not_allowed", title: "Method not allowed",
            detail: "this path takes \(allowed)", headers: [.allow: allowed])
    }

    private static func matches(_ path: RouterPath, _ parts: [Substring]) -> Bool {
        path.count == parts.count && zip(path, parts).allSatisfy { element, part in element ~= part }
    }
}
