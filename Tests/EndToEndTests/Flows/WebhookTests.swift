import AsyncHTTPClient
import Composition
import Contracts
import Outbox
import Foundation
import Postgres
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import StripeSandbox
@testable import artesanos

extension EndToEnd {
    /// What Stripe sends, and what only says that it is from Stripe.
    @Suite struct WebhookTests {
        private struct Receipt: Decodable {
            let duplicate: Bool
        }

        private struct Problem: Decodable {
            let code: String
        }

        @Test func aWebhookWithAWrongSignatureIsRefusedAndChangesNothing() async throws {
            try await Marketplace.run { market in
                let placed = try await market.place("OLI-TABLA-45", paymentMethod: nil)
                try await eventually("the payment is pending", within: .seconds(30)) {
                    try await market.rows(of: placed.orderId).paymentStatus == "pending"
                }
                let intent = try #require(try market.intents(of: placed.orderId).first)
                let event = """
                    {"id":"evt_forged","object":"event","type":"payment_intent.succeeded","created":1,"livemode":false,\
                    "data":{"object":{"id":"\(intent.id)","object":"payment_intent","status":"succeeded"}}}
                    """
                let forged = try await Self.deliver(event, signedWith: "whsec_of_somebody_else", to: market)
                #expect(forged.status == .badRequest)
                let problem = try WireJSON.decode(
                    Problem.self, from: Array(try await forged.body.collect(upTo: 1 << 16).readableBytesView))
                #expect(problem.code.hasPrefix("signature"))
                let unsigned = try await Self.deliver(event, signedWith: nil, to: market)
                #expect(unsigned.status == .badRequest)

                let stored = try await market.count(
                    "select count(*) from webhook_event where id = 'evt_forged'", in: .payments)
                #expect(stored == 0)
                let rows = try await market.rows(of: placed.orderId)
                #expect(rows.orderStatus == "PENDING")
                #expect(rows.paymentStatus == "pending")
            }
        }

        @Test func aWebhookThatComesTwiceIsAppliedOnce() async throws {
            try await Marketplace.run { market in
                // Every delivery comes twice, as Stripe's own may.
                try market.sandbox.setFaults([SandboxFault(.webhookDuplicate)])
                let placed = try await market.place("OLI-TABLA-45", paymentMethod: nil)
                try await eventually("the payment is pending", within: .seconds(30)) {
                    try await market.rows(of: placed.orderId).paymentStatus == "pending"
                }
                let intent = try #require(try market.intents(of: placed.orderId).first)
                try market.sandbox.pay(intent.id)
                let order = try await market.settled(placed.orderId)
                #expect(order.status == "CONFIRMED")

                // And the same event again, by hand.
                let events = try market.sandbox.snapshot().events
                let succeeded = try #require(
                    events.first { $0.type == "payment_intent.succeeded" && $0.objectID == intent.id })
                let again = try await Self.deliver(
                    try await Self.event(succeeded.id, from: market), signedWith: Marketplace.webhookSecret, to: market)
                #expect(again.status == .ok)
                let receipt = try WireJSON.decode(
                    Receipt.self, from: Array(try await again.body.collect(upTo: 1 << 16).readableBytesView))
                #expect(receipt.duplicate)

                let stored = try await market.count(
                    "select count(*) from webhook_event where id = $1::text", succeeded.id, in: .payments)
                #expect(stored == 1)
                let told = try await market.events(of: order.orderId).filter { $0.type == EventType.paymentSucceeded }
                #expect(told.count == 1)
                try await market.expectNothingAmiss()
            }
        }

        private static func deliver(
            _ event: String, signedWith secret: String?, to market: Marketplace
        ) async throws -> HTTPClientResponse {
            var request = HTTPClientRequest(url: market.client.url(.payments, "/webhooks/stripe"))
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            if let secret {
                let header = WebhookSigner.header(
                    body: Array(event.utf8), secrets: [secret], timestamp: Int64(Date().timeIntervalSince1970))
                request.headers.add(name: "Stripe-Signature", value: header)
            }
            request.body = .bytes(ByteBuffer(string: event))
            return try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        }

        /// An event as Stripe's API shows it.
        private static func event(_ id: String, from market: Marketplace) async throws -> String {
            var request = HTTPClientRequest(url: try await market.sandbox.baseURL() + "/v1/events/\(id)")
            request.headers.add(name: "Authorization", value: "Bearer sk_test_sandbox")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            #expect(response.status == .ok)
            return String(buffer: try await response.body.collect(upTo: 1 << 20))
        }
    }
}
