import StripeSandbox
import TestSupport
import Testing

@Suite("Sandbox: refunds")
struct RefundTests {
    @Test("refunds take parts, but never more than the charge")
    func refundsParts() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid()
            let part = try await client.post("/v1/refunds", "payment_intent=\(id)&amount=1000&metadata[refund_id]=r1")
            #expect(part.json.text("status") == "succeeded")
            #expect(part.json.number("amount") == 1000)
            #expect(part.json["metadata"].text("refund_id") == "r1")
            let tooMuch = try await client.post("/v1/refunds", "payment_intent=\(id)&amount=1501")
            #expect(tooMuch.status == 400)
            #expect(tooMuch.error.text("param") == "amount")
            let rest = try await client.post("/v1/refunds", "payment_intent=\(id)")
            #expect(rest.json.number("amount") == 1500)
            let more = try await client.post("/v1/refunds", "payment_intent=\(id)")
            #expect(more.error.text("code") == "charge_already_refunded")
            let list = try await client.get("/v1/refunds?payment_intent=\(id)").json["data"].list
            #expect(list.map { $0.number("amount") } == [1500, 1000])
            #expect(try server.snapshot().charges.first?.amountRefunded == 2500)
        }
    }

    @Test("what was not charged is not given back")
    func refusesUncharged() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makeIntent()
            #expect(try await client.post("/v1/refunds", "payment_intent=\(id)").status == 400)
            #expect(try await client.post("/v1/refunds", "payment_intent=pi_none").status == 404)
        }
    }

    @Test("a refund that had succeeded can fail, and its amount is free again")
    func fails() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid()
            let refund = try await client.post("/v1/refunds", "payment_intent=\(id)").json.text("id")
            try server.finishRefund(refund, succeeds: false)
            let failed = try await client.get("/v1/refunds/\(refund)").json
            #expect(failed.text("status") == "failed")
            #expect(failed.text("failure_reason") == "expired_or_canceled_card")
            let types = try server.snapshot().events.map(\.type)
            #expect(types.suffix(2) == ["refund.updated", "refund.failed"])
            #expect(try await client.post("/v1/refunds", "payment_intent=\(id)").status == 200)
        }
    }

    @Test("a refund that is pending ends by itself")
    func endsByItself() async throws {
        let configuration = StripeSandboxConfiguration(settleDelay: .milliseconds(20))
        try await StripeSandboxServer.withServer(configuration) { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid("pm_card_pendingRefund")
            let refund = try await client.post("/v1/refunds", "payment_intent=\(id)").json
            #expect(refund.text("status") == "pending")
            try await eventually("the refund succeeds") {
                try await client.get("/v1/refunds/\(refund.text("id"))").json.text("status") == "succeeded"
            }
        }
    }
}
