import Foundation
import NIOCore
import StripeSandbox
import Testing

@Suite("Sandbox: faults on demand")
struct FaultTests {
    @Test("the connection is closed without an answer, before or after it took place", arguments: [true, false])
    func closes(takesPlace: Bool) async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(takesPlace ? .closeAfter : .closeBefore, count: 1)])
            await #expect(throws: (any Error).self) {
                try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            }
            #expect(try server.snapshot().paymentIntents.count == (takesPlace ? 1 : 0))
            let again = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(again.status == 200)
            #expect((again.header("Idempotent-Replayed") == "true") == takesPlace)
            #expect(try server.snapshot().paymentIntents.count == 1)
        }
    }

    @Test("no answer comes in time, before or after it took place", arguments: [true, false])
    func hangs(takesPlace: Bool) async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(takesPlace ? .hangAfter : .hangBefore, count: 1)])
            await #expect(throws: (any Error).self) {
                try await client.post(
                    "/v1/payment_intents", "amount=2500&currency=eur", timeout: .milliseconds(200))
            }
            #expect(try server.snapshot().paymentIntents.count == (takesPlace ? 1 : 0))
        }
    }

    @Test("429 takes place nowhere, and a lock time-out says to try again")
    func limitsRates() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(.rateLimit, count: 1), SandboxFault(.lockTimeout, count: 1)])
            let first = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(first.status == 429)
            #expect(first.error.text("code") == "rate_limit")
            let second = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(second.error.text("code") == "lock_timeout")
            #expect(second.header("Stripe-Should-Retry") == "true")
            let third = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(third.status == 200)
        }
    }

    @Test("a fault aims at one operation, and as often as it says")
    func aims() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(.serverErrorBefore, target: "payment_intents.retrieve", count: 2)])
            let id = try await client.makeIntent()
            var statuses: [Int] = []
            for _ in 0..<3 { statuses.append(try await client.get("/v1/payment_intents/\(id)").status) }
            #expect(statuses == [500, 500, 200])
        }
    }

    @Test("the same seed gives the same faults and the same ids")
    func repeats() async throws {
        func run(seed: UInt64) async throws -> [String] {
            let configuration = StripeSandboxConfiguration(
                seed: seed, faults: [SandboxFault(.rateLimit, target: "payment_intents.create", probability: 0.4)])
            return try await StripeSandboxServer.withServer(configuration) { server in
                let client = try await SandboxClient(server)
                var seen: [String] = []
                for _ in 0..<30 {
                    let answer = try await client.post("/v1/payment_intents", "amount=2500&currency=eur")
                    seen.append("\(answer.status) \(answer.json.text("id"))")
                }
                return seen
            }
        }
        let first = try await run(seed: 42)
        #expect(try await run(seed: 42) == first)
        #expect(try await run(seed: 43) != first)
        #expect(first.contains { $0.hasPrefix("429") })
        #expect(first.contains { $0.hasPrefix("200") })
    }

    @Test("latency stays in its range")
    func delays() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(.latency, milliseconds: 50...80)])
            let start = ContinuousClock.now
            _ = try await client.makeIntent()
            #expect(ContinuousClock.now - start >= .milliseconds(50))
        }
    }

    @Test("faults, endpoints and the state are set and read over HTTP too")
    func controls() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let put = try await client.put(
                "/_sandbox/faults", #"[{"effect":"rateLimit","target":"payment_intents.create","count":1}]"#)
            #expect(put.status == 200)
            #expect(try await client.post("/v1/payment_intents", "amount=2500&currency=eur").status == 429)
            let id = try await client.makeIntent()
            #expect(
                try await client.post("/_sandbox/payment_intents/\(id)/pay", #"{"paymentMethod":"pm_card_visa"}"#)
                    .status == 200)
            let state = try await client.get("/_sandbox/state").json
            #expect(state["paymentIntents"].list.first?.text("status") == "succeeded")
            #expect(state["requests"].number("payment_intents.create") == 2)
            #expect(try await client.put("/_sandbox/faults", #"[{"effect":"nonsense"}]"#).status == 400)
            #expect(try await client.post("/_sandbox/nonsense").status == 404)
            #expect(try await client.post("/_sandbox/reset").status == 200)
            #expect(try server.snapshot().paymentIntents.isEmpty)
        }
    }
}
