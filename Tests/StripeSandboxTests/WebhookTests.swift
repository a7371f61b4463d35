import Crypto
import Foundation
import StripeSandbox
import TestSupport
import Testing

@Suite("Sandbox: webhooks")
struct WebhookTests {
    /// A server whose events go to a receiver.
    private func withBoth(
        faults: [SandboxFault] = [], style: WebhookEndpoint.Style = .snapshot,
        _ body: (StripeSandboxServer, SandboxClient, WebhookReceiver) async throws -> Void
    ) async throws {
        try await WebhookReceiver.withReceiver { receiver, url in
            let configuration = StripeSandboxConfiguration(
                webhooks: [WebhookEndpoint(url: url, secrets: ["whsec_new", "whsec_old"], style: style)],
                webhookRetry: WebhookRetry(first: .milliseconds(10)), seed: 7, faults: faults)
            try await StripeSandboxServer.withServer(configuration) { server in
                try await body(server, try await SandboxClient(server), receiver)
            }
        }
    }

    @Test("each delivery is signed with every secret over its own time and body")
    func signs() async throws {
        try await withBoth { _, client, receiver in
            _ = try await client.makePaid()
            try await eventually("two deliveries") { receiver.types.count == 2 }
            let delivery = try #require(receiver.deliveries.first)
            let parts = delivery.signature.split(separator: ",").map(String.init)
            #expect(parts.count == 3)
            let time = try #require(parts.first?.dropFirst(2))
            for (part, secret) in zip(parts.dropFirst(), ["whsec_new", "whsec_old"]) {
                let code = HMAC<SHA256>.authenticationCode(
                    for: Data("\(time).".utf8) + Data(delivery.body), using: SymmetricKey(data: Data(secret.utf8)))
                #expect(part == "v1=" + code.map { String(format: "%02x", $0) }.joined())
            }
        }
    }

    @Test("a delivery is repeated until it is answered with 2xx")
    func retries() async throws {
        try await withBoth { server, client, receiver in
            receiver.answer([500, 503, 400])
            _ = try await client.makeIntent()
            try await eventually("the fourth try is taken") { receiver.types == ["payment_intent.created"] }
            #expect(receiver.deliveries.map(\.status) == [500, 503, 400, 200])
            #expect(Set(receiver.deliveries.map { $0.event.text("id") }).count == 1)
            try await eventually("the event is delivered") { try server.snapshot().events.allSatisfy(\.isDelivered) }
        }
    }

    @Test("a thin event only names its object")
    func sendsThin() async throws {
        try await withBoth(style: .thin) { _, client, receiver in
            let id = try await client.makeIntent()
            try await eventually("a delivery") { !receiver.deliveries.isEmpty }
            let event = try #require(receiver.deliveries.first?.event)
            #expect(event.text("object") == "v2.core.event")
            #expect(event.text("type") == "v1.payment_intent.created")
            #expect(event["related_object"].text("id") == id)
            #expect(event["related_object"].text("type") == "payment_intent")
        }
    }

    @Test("a duplicate is the same event again")
    func duplicates() async throws {
        let fault = SandboxFault(.webhookDuplicate, count: 1, milliseconds: 5...5)
        try await withBoth(faults: [fault]) { _, client, receiver in
            _ = try await client.makeIntent()
            try await eventually("two deliveries") { receiver.deliveries.count == 2 }
            #expect(Set(receiver.deliveries.map { $0.event.text("id") }).count == 1)
        }
    }

    @Test("a twin is another event of the same change")
    func sendsTwins() async throws {
        let fault = SandboxFault(.webhookTwin, count: 1, milliseconds: 5...5)
        try await withBoth(faults: [fault]) { _, client, receiver in
            _ = try await client.makeIntent()
            try await eventually("two deliveries") { receiver.deliveries.count == 2 }
            #expect(Set(receiver.deliveries.map { $0.event.text("id") }).count == 2)
            #expect(Set(receiver.types) == ["payment_intent.created"])
        }
    }

    @Test("a lost delivery never comes, though the event is listed")
    func loses() async throws {
        let fault = SandboxFault(.webhookLoss, target: "payment_intent.created")
        try await withBoth(faults: [fault]) { server, client, receiver in
            _ = try await client.makePaid()
            try await eventually("the other delivery") { receiver.types == ["payment_intent.succeeded"] }
            // That the other one was answered is noted behind the answer.
            try await eventually("the lost one alone is listed as not delivered") {
                let lost = try await client.get("/v1/events?delivery_success=false").json["data"].list
                return lost.map { $0.text("type") } == ["payment_intent.created"]
            }
            #expect(try server.snapshot().events.count == 3)
        }
    }

    @Test("a reordered delivery comes behind the one after it")
    func reorders() async throws {
        let fault = SandboxFault(.webhookReorder, target: "payment_intent.created", milliseconds: 60_000...60_000)
        try await withBoth(faults: [fault]) { _, client, receiver in
            _ = try await client.makePaid()
            try await eventually("both deliveries") { receiver.types.count == 2 }
            #expect(receiver.types == ["payment_intent.succeeded", "payment_intent.created"])
        }
    }

    @Test("a reordered delivery that is the last one comes when its time is over")
    func reordersTheLast() async throws {
        try await withBoth(faults: [SandboxFault(.webhookReorder, milliseconds: 20...20)]) { _, client, receiver in
            _ = try await client.makeIntent()
            try await eventually("the delivery") { receiver.types == ["payment_intent.created"] }
        }
    }

    @Test("a delayed delivery comes later than the ones after it")
    func delays() async throws {
        let fault = SandboxFault(.webhookDelay, target: "payment_intent.created", milliseconds: 300...300)
        try await withBoth(faults: [fault]) { _, client, receiver in
            _ = try await client.makePaid()
            try await eventually("both deliveries") { receiver.types.count == 2 }
            #expect(receiver.types == ["payment_intent.succeeded", "payment_intent.created"])
        }
    }

    @Test("endpoints set later get what happens from then on, and an event can be sent again")
    func setsEndpointsLater() async throws {
        try await WebhookReceiver.withReceiver { receiver, url in
            try await StripeSandboxServer.withServer { server in
                let client = try await SandboxClient(server)
                _ = try await client.makeIntent()
                try server.setWebhooks([WebhookEndpoint(url: url, secrets: ["whsec_1"], enabledEvents: ["*"])])
                _ = try await client.makePaid()
                try await eventually("three deliveries") { receiver.types.count == 3 }
                let id = try #require(try server.snapshot().events.first?.id)
                _ = try await client.post("/_sandbox/events/\(id)/resend", "{}")
                try await eventually("the first event") { receiver.deliveries.contains { $0.event.text("id") == id } }
            }
        }
    }
}
