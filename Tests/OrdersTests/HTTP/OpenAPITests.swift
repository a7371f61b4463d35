import Hummingbird
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("The OpenAPI document")
struct OpenAPITests {
    @Test("has every route of the service, and no other")
    func routes() async throws {
        let setting = try await Setting()
        let router = Router(context: AppRequestContext.self)
        setting.service.addRoutes(to: router)
        let served = Set(router.routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" })
        #expect(served == Self.operations(try #require(OrdersService.openAPI)))
    }

    @Test("names every problem code that the service itself makes")
    func codes() throws {
        let document = try #require(OrdersService.openAPI)
        for code in [
            "idempotency_key_missing", "idempotency_key_in_use", "idempotency_key_reused", "mixed_currencies",
            "total_too_large", "unknown_product", "inactive_product", "order_not_cancellable", "nothing_to_retry",
            "cancellation_window_closed",
            "validation_failed", "invalid_cursor", "not_found", "role_required",
        ] {
            #expect(document.contains(code), "\(code)")
        }
        for state in OrderSagaStep.allCases { #expect(document.contains(state.rawValue)) }
        for status in OrderStatus.allCases { #expect(document.contains(status.rawValue)) }
    }

    /// The paths and methods of the document, read by their indentation.
    private static func operations(_ document: String) -> Set<String> {
        var operations: Set<String> = []
        var path = ""
        for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("components:") { break }
            if line.hasPrefix("  /") { path = String(line.dropFirst(2).dropLast()) }
            for method in ["get", "post", "put", "patch", "delete"] where line == "    \(method):" {
                operations.insert("\(method) \(path)")
            }
        }
        return operations
    }
}
