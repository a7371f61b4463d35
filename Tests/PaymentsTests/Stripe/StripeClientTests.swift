import Foundation
import Logging
import NIOHTTP1
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("Stripe: client against the sandbox")
struct StripeClientTests {
    private func withClient(
        key: String = "sk_test_sandbox", retries: Int = 3, timeout: Duration = .seconds(10), seed: UInt64? = nil,
        _ body: (StripeSandboxServer, StripeClient) async throws -> Void
    ) async throws {
        try await StripeSandboxServer.withServer(StripeSandboxConfiguration(seed: seed)) { server in
            let client = StripeClient(
                StripeClientConfiguration(
                    apiKey: key, baseURL: try await server.baseURL(), requestTimeout: timeout,
                    retry: StripeRetryPolicy(maxRetries: retries, base: .milliseconds(1), cap: .milliseconds(10))),
                logger: .test)
            try await body(server, client)
        }
    }

    private let body = Array("amount=2500&currency=eur&metadata[order_id]=o1".utf8)
    private let confirmation = Array("payment_method=pm_card_visa&return_url=x".utf8)

    @Test("a PaymentIntent is made, confirmed, read and listed")
    func works() async throws {
        try await withClient { _, client in
            let made = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            #expect(made.status == .requiresPaymentMethod)
            #expect(made.metadata == ["order_id": "o1"])
            let paid = try await client.confirmPaymentIntent(made.id, body: confirmation, idempotencyKey: "b")
            #expect(paid.status == .succeeded)
            #expect(try await client.retrievePaymentIntent(made.id) == paid)
            let listed = try await client.listPaymentIntents(createdSince: Date(timeIntervalSinceNow: -60))
            #expect(listed.data == [paid])
            let secret = try await client.clientSecret(of: made.id)
            #expect(secret.secret.hasPrefix(made.id))
            #expect(!"\(secret)".contains(secret.secret))
        }
    }

    @Test("a PaymentIntent is cancelled; one that has succeeded is not, and comes with the error")
    func cancels() async throws {
        try await withClient { _, client in
            let reason = Array("cancellation_reason=abandoned".utf8)
            let first = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            let canceled = try await client.cancelPaymentIntent(first.id, body: reason, idempotencyKey: "b")
            #expect(canceled.status == .canceled)
            #expect(canceled.cancellationReason == "abandoned")
            let second = try await client.createPaymentIntent(body: body, idempotencyKey: "c")
            _ = try await client.confirmPaymentIntent(second.id, body: confirmation, idempotencyKey: "d")
            let error = try await #require(throws: StripeError.self) {
                try await client.cancelPaymentIntent(second.id, body: reason, idempotencyKey: "e")
            }
            #expect(error.kind == .invalidRequest)
            #expect(error.code == "payment_intent_unexpected_state")
            #expect(error.paymentIntent?.status == .succeeded)
            #expect(error.disposition == .refused)
        }
    }

    @Test("refunds are made, read and listed; more than the charge is refused")
    func refunds() async throws {
        try await withClient { _, client in
            let made = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            _ = try await client.confirmPaymentIntent(made.id, body: confirmation, idempotencyKey: "b")
            let part = Array("payment_intent=\(made.id)&amount=700".utf8)
            let refund = try await client.createRefund(body: part, idempotencyKey: "c")
            #expect(refund.status == .succeeded)
            #expect(try await client.retrieveRefund(refund.id) == refund)
            #expect(try await client.refunds(ofPaymentIntent: made.id) == [refund])
            let error = try await #require(throws: StripeError.self) {
                try await client.createRefund(
                    body: Array("payment_intent=\(made.id)&amount=1801".utf8), idempotencyKey: "d")
            }
            #expect(error.parameter == "amount")
        }
    }

    @Test("events are listed by type, behind a cursor")
    func lists() async throws {
        try await withClient { _, client in
            let made = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            _ = try await client.confirmPaymentIntent(made.id, body: confirmation, idempotencyKey: "b")
            let all = try await client.listEvents(StripeEventQuery(types: StripeEventRule.handledTypes.sorted()))
            #expect(all.data.map(\.type) == ["payment_intent.succeeded"])
            #expect(all.data.first?.paymentIntentID == made.id)
            let id = try #require(all.data.first?.id)
            #expect(try await client.listEvents(StripeEventQuery(endingBefore: id)).data.isEmpty)
            #expect(try await client.retrieveEvent(id) == all.data.first)
        }
    }

    @Test("a decline is a card error with its codes and the PaymentIntent")
    func declines() async throws {
        try await withClient { _, client in
            let made = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            let error = try await #require(throws: StripeError.self) {
                try await client.confirmPaymentIntent(
                    made.id, body: Array("payment_method=pm_card_chargeDeclinedInsufficientFunds&return_url=x".utf8),
                    idempotencyKey: "b")
            }
            #expect(error.kind == .card)
            #expect(error.httpStatus == 402)
            #expect(error.code == "card_declined")
            #expect(error.declineCode == "insufficient_funds")
            #expect(error.requestID?.hasPrefix("req_") == true)
            #expect(error.paymentIntent?.status == .requiresPaymentMethod)
        }
    }

    @Test("a wrong key is ours to mend, and is not tried again")
    func refusesKeys() async throws {
        try await withClient(key: "sk_test_wrong") { _, client in
            let error = try await #require(throws: StripeError.self) { try await client.retrievePaymentIntent("pi_1") }
            #expect(error.kind == .authentication)
            #expect(error.disposition == .misconfigured)
            #expect(!"\(error)".contains("sk_test_wrong"))
        }
    }

    @Test(
        "whatever fails on the way, the same key never makes two charges",
        arguments: [
            SandboxFault(.closeAfter, count: 2), SandboxFault(.closeBefore, count: 2),
            SandboxFault(.rateLimit, count: 2), SandboxFault(.lockTimeout, count: 2),
            SandboxFault(.serverErrorAfter, count: 2, status: 502, isRemembered: false),
            SandboxFault(.serverErrorBefore, count: 2, status: 503, isRemembered: false),
        ])
    func retries(fault: SandboxFault) async throws {
        try await withClient { server, client in
            let made = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            try server.setFaults([fault])
            let paid = try await client.confirmPaymentIntent(made.id, body: confirmation, idempotencyKey: "b")
            #expect(paid.status == .succeeded)
            let snapshot = try server.snapshot()
            #expect(snapshot.charges.filter { $0.status == "succeeded" }.count == 1)
            #expect(snapshot.paymentIntents.count == 1)
        }
    }

    @Test("an answer that does not come in time is a time-out, and the same key tells what became of it")
    func timesOut() async throws {
        try await withClient(retries: 0, timeout: .milliseconds(1500)) { server, client in
            try server.setFaults([SandboxFault(.hangAfter, target: "payment_intents.create", count: 1)])
            let error = try await #require(throws: StripeError.self) {
                try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            }
            #expect(error.kind == .timeout)
            #expect(error.disposition == .unknown)
            let made = try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            #expect(try server.snapshot().paymentIntents.map(\.id) == [made.id])
        }
    }

    @Test("a 500 that the key keeps is not tried again, and says that only reading helps")
    func stopsAtKeptErrors() async throws {
        try await withClient { server, client in
            try server.setFaults([SandboxFault(.serverErrorAfter, target: "payment_intents.create", count: 1)])
            for _ in 0..<2 {
                let error = try await #require(throws: StripeError.self) {
                    try await client.createPaymentIntent(body: body, idempotencyKey: "a")
                }
                #expect(error.disposition == .fixed)
            }
            #expect(try server.snapshot().requests["payment_intents.create"] == 1)
        }
    }

    @Test("nobody there is a connection error")
    func missesServer() async throws {
        let client = StripeClient(
            StripeClientConfiguration(
                apiKey: "sk_test", baseURL: "http://127.0.0.1:9", retry: StripeRetryPolicy(maxRetries: 0)),
            logger: .test)
        let error = try await #require(throws: StripeError.self) { try await client.retrievePaymentIntent("pi_1") }
        #expect(error.kind == .connection)
    }

    @Test("every request pins the version and carries the key that it was given")
    func pinsVersion() async throws {
        try await StripeSandboxServer.withServer { server in
            let transport = StripeTransport(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await server.baseURL(), apiVersion: "2026-01-02.thyme"))
            let requests = [
                StripeTransport.Request(
                    operation: "payment_intents.create", method: .POST, path: "/v1/payment_intents", body: body,
                    idempotencyKey: "a"),
                StripeTransport.Request(
                    operation: "events.list", method: .GET, path: "/v1/events", body: nil, idempotencyKey: nil),
            ]
            for request in requests {
                let answer = try await transport.send(request)
                // The sandbox tells, as Stripe does, which version and key it was asked with.
                #expect(answer.headers.first(name: "Stripe-Version") == "2026-01-02.thyme")
                #expect(answer.headers.first(name: "Idempotency-Key") == request.idempotencyKey)
            }
            #expect(StripeClientConfiguration(apiKey: "sk_test").apiVersion == "2026-10-28.endive")
        }
    }

    @Test("an id from outside cannot change the path")
    func keepsPaths() async throws {
        try await withClient { _, client in
            let error = try await #require(throws: StripeError.self) {
                try await client.retrievePaymentIntent("../refunds?limit=1")
            }
            #expect(error.code == "resource_missing")
        }
    }

    @Test("a cancelled task ends its call as cancelled")
    func cancelsCalls() async throws {
        try await withClient { server, client in
            try server.setFaults([SandboxFault(.hangBefore)])
            let call = Task { try await client.createPaymentIntent(body: body, idempotencyKey: "a") }
            try await eventually("the call is under way") {
                try server.snapshot().requests["payment_intents.create"] == 1
            }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }
}
