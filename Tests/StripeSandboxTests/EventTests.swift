import StripeSandbox
import Testing

@Suite("Sandbox: events")
struct EventTests {
    @Test("each change is an event with the object as it was then")
    func recordsChanges() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makeIntent("&automatic_payment_methods[allow_redirects]=never")
            _ = try await client.post(
                "/v1/payment_intents/\(id)/confirm", "payment_method=pm_card_chargeDeclined", idempotencyKey: "k1")
            _ = try await client.post("/v1/payment_intents/\(id)/confirm", "payment_method=pm_card_visa")
            let list = try await client.get("/v1/events?limit=100").json["data"].list
            #expect(
                list.reversed().map { $0.text("type") } == [
                    "payment_intent.created", "charge.failed", "payment_intent.payment_failed", "charge.succeeded",
                    "payment_intent.succeeded",
                ])
            let failed = try #require(list.first { $0.text("type") == "payment_intent.payment_failed" })
            #expect(failed["data"]["object"].text("status") == "requires_payment_method")
            #expect(failed["request"].text("idempotency_key") == "k1")
            let one = try await client.get("/v1/events/\(failed.text("id"))").json
            #expect(one.text("id") == failed.text("id"))
        }
    }

    @Test("events are listed by type, and on both sides of a cursor")
    func pages() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            for _ in 0..<5 { _ = try await client.makePaid() }
            let query = "/v1/events?types[]=payment_intent.succeeded&types%5B%5D=payment_intent.canceled"
            let all = try await client.get("\(query)&limit=100").json["data"].list.map { $0.text("id") }
            #expect(all.count == 5)
            let newer = try await client.get("\(query)&limit=2&ending_before=\(all[4])").json
            // The oldest of the newer ones, still newest first.
            #expect(newer["data"].list.map { $0.text("id") } == [all[2], all[3]])
            #expect(newer.flag("has_more") == true)
            let older = try await client.get("\(query)&limit=2&starting_after=\(all[2])").json
            #expect(older["data"].list.map { $0.text("id") } == [all[3], all[4]])
            #expect(older.flag("has_more") == false)
            #expect(try await client.get("/v1/events?ending_before=evt_none").status == 404)
        }
    }

    @Test("what no endpoint has answered is listed as undelivered")
    func listsUndelivered() async throws {
        let endpoint = WebhookEndpoint(url: "http://127.0.0.1:9/none", secrets: ["whsec_1"])
        let configuration = StripeSandboxConfiguration(webhooks: [endpoint])
        try await StripeSandboxServer.withServer(configuration) { server in
            let client = try await SandboxClient(server)
            _ = try await client.makePaid()
            let missing = try await client.get("/v1/events?delivery_success=false").json["data"].list
            // Two of the three: nobody asked for charge.succeeded.
            #expect(missing.map { $0.text("type") } == ["payment_intent.succeeded", "payment_intent.created"])
            #expect(missing.first?.number("pending_webhooks") == 1)
            let delivered = try await client.get("/v1/events?delivery_success=true").json["data"].list
            #expect(delivered.map { $0.text("type") } == ["charge.succeeded"])
        }
    }

    @Test("more than twenty types are refused")
    func limitsTypes() async throws {
        try await StripeSandboxServer.withServer { server in
            let types = (0..<21).map { "types[]=t\($0)" }.joined(separator: "&")
            let answer = try await SandboxClient(server).get("/v1/events?\(types)")
            #expect(answer.status == 400)
        }
    }
}
