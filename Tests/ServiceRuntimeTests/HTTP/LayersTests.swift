import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Metrics
import NIOCore
import Outbox
import ServiceContextModule
import Testing

@testable import ServiceRuntime

@Suite struct LayersTests {
    private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func traceIsContinuedAndHandedToTheRoute() async throws {
        let exporter = InMemorySpanExporter()
        try await TestService.test(tracer: LightTracer(exporter: exporter)) { router in
            router.get("/orders/{id}") { _, _ in ServiceContext.current?.traceparent ?? "none" }
        } _: { client, token in
            var headers = token
            headers[.traceparent] = Self.traceparent
            try await client.execute(uri: "/orders/7", method: .get, headers: headers) { response in
                let inside = try #require(TraceContext(traceparent: response.text))
                #expect(inside.traceID == "0af7651916cd43dd8448eb211c80319c")
                #expect(inside.spanIDText != "b7ad6b7169203331")
                #expect(response.headers[.traceresponse] == response.text)
            }
        }
        let span = try #require(exporter.spans.first)
        #expect(span.name == "GET /orders/{id}")
        #expect(span.parentSpanID == 0xb7ad_6b71_6920_3331)
        #expect(span.attributes["http.route"] == "/orders/{id}")
        #expect(span.attributes["http.response.status_code"] == "200")
    }

    @Test func withoutATraceANewOneIsStarted() async throws {
        try await TestService.test { router in
            router.get("/") { _, _ in ServiceContext.current?.traceparent ?? "none" }
        } _: { client, token in
            let first = try await client.execute(uri: "/", method: .get, headers: token).text
            var broken = token
            broken[.traceparent] = "00-zz-1-01"
            let second = try await client.execute(uri: "/", method: .get, headers: broken).text
            let traces = [first, second].compactMap { TraceContext(traceparent: $0)?.traceID }
            #expect(Set(traces).count == 2)
        }
    }

    @Test func requestIDOfTheClientIsKeptWhenItIsPlainText() async throws {
        try await TestService.test { router in
            router.get("/") { _, context in context.requestID }
        } _: { client, token in
            var headers = token
            headers[.requestID] = "req-42"
            try await client.execute(uri: "/", method: .get, headers: headers) { response in
                #expect(response.text == "req-42")
                #expect(response.headers[.requestID] == "req-42")
            }
            headers[.requestID] = "bad id\"}"
            try await client.execute(uri: "/", method: .get, headers: headers) { response in
                #expect(response.text.count == 16)
                #expect(response.headers[.requestID] == response.text)
            }
        }
    }

    @Test func requestIsLoggedOnceWithRouteStatusAndHashedCaller() async throws {
        let log = CapturedLog()
        try await TestService.test(logger: log.logger(.info)) { router in
            router.get("/orders/{id}") { _, _ -> String in throw Problem.notFound("order") }
            router.get("/health/live") { _, _ in "" }
        } _: { client, token in
            _ = try await client.execute(uri: "/orders/secret-7", method: .get, headers: token)
            _ = try await client.execute(uri: "/health/live", method: .get)
        }
        let records = try log.records()
        #expect(records.count == 1, "probes are not logged at info")
        let record = try #require(records.first)
        #expect(record["message"] == "request")
        #expect(record["method"] == "GET")
        #expect(record["route"] == "/orders/{id}")
        #expect(record["status"] == "404")
        #expect(record["problem"] == "not_found")
        #expect(record["role"] == "customer")
        #expect(record["caller"]?.count == 12)
        #expect(record["trace_id"]?.count == 32)
        #expect(record["request_id"]?.isEmpty == false)
        #expect(Double(try #require(record["duration_ms"])) != nil)
        #expect(log.lines.allSatisfy { !$0.contains("customer-1") && !$0.contains("secret-7") })
    }

    @Test func requestsAreCountedByRouteMethodAndStatus() async throws {
        let registry = PrometheusRegistry()
        try await withMetricsFactory(registry) {
            try await TestService.test { router in
                router.get("/orders/{id}") { _, _ in "" }
            } _: { client, token in
                for id in 1...3 { _ = try await client.execute(uri: "/orders/\(id)", method: .get, headers: token) }
                _ = try await client.execute(uri: "/orders/1", method: .get)
                _ = try await client.execute(uri: "/wp-login.php", method: .post)
            }
        }
        let text = await registry.exposition()
        #expect(
            text.contains(
                #"http_requests_total{method="GET",route="/orders/{id}",service="test",status="200"} 3"# + "\n"))
        #expect(
            text.contains(
                #"http_requests_total{method="GET",route="/orders/{id}",service="test",status="401"} 1"# + "\n"))
        #expect(
            text.contains(#"http_requests_total{method="POST",route="unmatched",service="test",status="404"} 1"# + "\n")
        )
        #expect(
            text.contains(
                #"http_request_duration_seconds_count{method="GET",route="/orders/{id}",service="test",status="200"} 3"#
            ))
        #expect(text.contains(#"http_requests_in_flight{service="test"} 0"#))
    }

    @Test func headIsAnsweredLikeGetWithoutABody() async throws {
        try await TestService.test { router in
            router.get("/orders") { _, _ in "all of them" }
        } _: { client, token in
            try await client.execute(uri: "/orders", method: .head, headers: token) { response in
                #expect(response.status == .ok)
                #expect(response.text.isEmpty)
            }
        }
    }
}
