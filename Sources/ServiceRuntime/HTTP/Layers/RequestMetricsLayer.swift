import Hummingbird
import Metrics
import Synchronization

/// `http_requests_total` and `http_request_duration_seconds` by service, route, method and status, and
/// `http_requests_in_flight`. The time is until the head of the answer is ready; a stream goes on after it.
struct RequestMetricsLayer: RouterMiddleware {
    typealias Context = AppRequestContext

    private let handles: RequestMetrics

    init(service: String) {
        self.handles = RequestMetrics(service: service)
    }

    func handle(
        _ request: Request, context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        handles.inFlight.increment()
        defer { handles.inFlight.decrement() }
        let response = try await next(request, context)
        handles.record(
            .init(route: context.route, method: request.method.rawValue, status: response.status.code),
            took: ContinuousClock.now - start)
        return response
    }
}

/// The metrics of each route, made once.
private final class RequestMetrics: Sendable {
    struct Key: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Pair {
        let total: Counter
        let duration: Timer
    }

    let inFlight: Meter
    private let service: String
    private let pairs = Mutex<[Key: Pair]>([:])

    init(service: String) {
        self.service = service
        self.inFlight = Meter(label: "http_requests_in_flight", dimensions: [("service", service)])
    }

    func record(_ key: Key, took duration: Duration) {
        let pair = pairs.withLock { pairs in
            if let pair = pairs[key] { return pair }
            let labels = [
                ("service", service), ("route", key.route), ("method", Self.known(key.method)),
                ("status", String(key.status)),
            ]
            let pair = Pair(
                total: Counter(label: "http_requests_total", dimensions: labels),
                duration: Timer(label: "http_request_duration_seconds", dimensions: labels))
            pairs[key] = pair
            return pair
        }
        pair.total.increment()
        pair.duration.recordNanoseconds(Int64(duration.milliseconds * 1e6))
    }

    /// A client may send any word as a method; the label must stay bounded.
    private static func known(_ method: String) -> String {
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(method) ? method : "OTHER"
    }
}
