import HTTPTypes
import Hummingbird
import NIOCore

/// The routes that every service has: probes, metrics, the OpenAPI document.
struct OperationalRoutes: Sendable {
    let health: HealthMonitor
    let metrics: PrometheusRegistry
    /// Where metrics are served.
    let metricsPaths: [RouterPath]
    let openAPI: String?

    func add(to router: Router<AppRequestContext>) {
        router.get("/health/live") { _, _ in try Response.json(["status": "live"]) }
        router.get("/health/ready") { [health] _, _ in
            let report = await health.report()
            var headers: HTTPFields = [.cacheControl: "no-store"]
            if report.status != .ready { headers[.retryAfter] = "1" }
            return try Response.json(
                report, status: report.status == .ready ? .ok : .serviceUnavailable, headers: headers)
        }
        for path in metricsPaths {
            router.get(path) { [metrics] _, _ in
                Response(
                    status: .ok, headers: [.contentType: PrometheusText.contentType],
                    body: .init(byteBuffer: ByteBuffer(string: await metrics.exposition())))
            }
        }
        if let openAPI {
            router.get("/openapi.yaml") { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "application/yaml; charset=utf-8"],
                    body: .init(byteBuffer: ByteBuffer(string: openAPI)))
            }
        }
    }
}
