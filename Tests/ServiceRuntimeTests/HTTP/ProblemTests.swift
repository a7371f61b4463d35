import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Postgres
import Testing

@testable import ServiceRuntime

@Suite struct ProblemTests {
    private struct Secret: Error {
        let password = "hunter2"
    }

    @Test func thrownProblemIsAnsweredAsProblemJSONWithAllItsMembers() async throws {
        try await TestService.test { router in
            router.get("/orders/{id}") { _, _ -> String in
                throw Problem(
                    .conflict, code: "order_settled", title: "Order settled", detail: "nothing to cancel",
                    errors: [FieldError(field: "state", code: "invalid", message: "is settled")],
                    fields: ["errorId": "e-1", "status": "cannot be replaced"], headers: [.retryAfter: "7"])
            }
        } _: { client, token in
            try await client.execute(uri: "/orders/17?x=1", method: .get, headers: token) { response in
                #expect(response.status == .conflict)
                #expect(response.headers[.contentType] == "application/problem+json")
                #expect(response.headers[.retryAfter] == "7")
                let problem = try ProblemJSON(response)
                #expect(problem.type == "https://artesanos.example/problems/order_settled")
                #expect(problem.title == "Order settled")
                #expect(problem.status == 409)
                #expect(problem.code == "order_settled")
                #expect(problem.detail == "nothing to cancel")
                #expect(problem.instance == "/orders/17")
                #expect(problem.errorId == "e-1")
                #expect(problem.errors == [FieldError(field: "state", code: "invalid", message: "is settled")])
                #expect(problem.requestId == response.headers[.requestID])
            }
        }
    }

    @Test func unknownErrorIsAnswered500WithAnIDThatTheLogHasAndNothingElse() async throws {
        let log = CapturedLog()
        try await TestService.test(logger: log.logger()) { router in
            router.get("/fails") { _, _ -> String in throw Secret() }
        } _: { client, token in
            try await client.execute(uri: "/fails", method: .get, headers: token) { response in
                #expect(response.status == .internalServerError)
                #expect(!response.text.contains("hunter2") && !response.text.contains("Secret"))
                let problem = try ProblemJSON(response)
                #expect(problem.code == "internal_error")
                let id = try #require(problem.errorId)
                let record = try #require(try log.records().first { $0["message"] == "request failed" })
                #expect(record["error_id"] == id)
                #expect(record["level"] == "error")
                #expect(record["route"] == "/fails")
            }
        }
    }

    @Test func transientDatabaseErrorIsAnswered503WithRetryAfter() async throws {
        try await TestService.test { router in
            router.get("/busy") { _, _ -> String in throw PostgresError(.poolExhausted, "all 10 connections are in use")
            }
        } _: { client, token in
            try await client.execute(uri: "/busy", method: .get, headers: token) { response in
                #expect(response.status == .serviceUnavailable)
                #expect(response.headers[.retryAfter] == "1")
                let problem = try ProblemJSON(response)
                #expect(problem.code == "database_unavailable")
                #expect(!response.text.contains("connections"))
            }
        }
    }

    @Test func lastingDatabaseErrorIsAnswered500WithoutItsText() async throws {
        try await TestService.test { router in
            router.get("/broken") { _, _ -> String in
                throw PostgresError(.server, "relation \"order\" does not exist", sqlState: "42P01")
            }
        } _: { client, token in
            try await client.execute(uri: "/broken", method: .get, headers: token) { response in
                #expect(response.status == .internalServerError)
                #expect(!response.text.contains("relation"))
            }
        }
    }

    @Test func hummingbirdErrorBecomesAProblemOfItsStatus() async throws {
        try await TestService.test { router in
            router.get("/teapot") { _, _ -> String in throw HTTPError(.tooManyRequests, message: "slow down") }
        } _: { client, token in
            try await client.execute(uri: "/teapot", method: .get, headers: token) { response in
                #expect(response.status == .tooManyRequests)
                let problem = try ProblemJSON(response)
                #expect(problem.code == "too_many_requests")
                #expect(problem.detail == "slow down")
            }
        }
    }

    @Test func unknownPathIs404AndKnownPathOfAnotherMethodIs405() async throws {
        try await TestService.test { router in
            router.get("/orders/{id}") { _, _ in "" }
            router.delete("/orders/{id}") { _, _ in "" }
        } _: { client, _ in
            try await client.execute(uri: "/nowhere", method: .get) { response in
                #expect(response.status == .notFound)
                let problem = try ProblemJSON(response)
                #expect(problem.code == "route_not_found")
            }
            try await client.execute(uri: "/orders/7", method: .put) { response in
                #expect(response.status == .methodNotAllowed)
                #expect(response.headers[.allow] == "DELETE, GET")
                let problem = try ProblemJSON(response)
                #expect(problem.code == "method_not_allowed")
            }
        }
    }

    @Test func badPathParameterIsNamed() async throws {
        try await TestService.test { router in
            router.get("/orders/{id}") { _, context in try context.uuid("id").uuidString }
        } _: { client, token in
            try await client.execute(uri: "/orders/seventeen", method: .get, headers: token) { response in
                #expect(response.status == .badRequest)
                let problem = try ProblemJSON(response)
                #expect(problem.code == "invalid_parameter")
                #expect(problem.errors?.first?.field == "id")
                #expect(problem.detail == "id: expected a UUID")
            }
        }
    }
}
