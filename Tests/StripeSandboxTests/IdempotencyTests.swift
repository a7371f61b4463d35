import StripeSandbox
import Testing

@Suite("Sandbox: idempotency keys")
struct IdempotencyTests {
    @Test("the same key and parameters replay the first answer, marked, and make nothing twice")
    func replays() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let first = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k1")
            // The order of the parameters makes no difference.
            let second = try await client.post("/v1/payment_intents", "currency=eur&amount=2500", idempotencyKey: "k1")
            #expect(first.header("Idempotent-Replayed") == nil)
            #expect(second.header("Idempotent-Replayed") == "true")
            #expect(second.header("Original-Request") == first.header("Request-Id"))
            #expect(second.bytes == first.bytes)
            #expect(try server.snapshot().paymentIntents.count == 1)
        }
    }

    @Test("a decline is replayed too")
    func replaysDeclines() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makeIntent("&automatic_payment_methods[allow_redirects]=never")
            for _ in 0..<2 {
                let answer = try await client.post(
                    "/v1/payment_intents/\(id)/confirm", "payment_method=pm_card_chargeDeclined", idempotencyKey: "k")
                #expect(answer.status == 402)
            }
            #expect(try server.snapshot().charges.count == 1)
        }
    }

    @Test("other parameters or another endpoint under the same key are 400 idempotency_error")
    func refusesOthers() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            _ = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            let amount = try await client.post("/v1/payment_intents", "amount=2600&currency=eur", idempotencyKey: "k")
            #expect(amount.status == 400)
            #expect(amount.error.text("type") == "idempotency_error")
            let path = try await client.post("/v1/refunds", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(path.error.text("type") == "idempotency_error")
        }
    }

    @Test("what failed validation is not kept")
    func forgetsInvalid() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let wrong = try await client.post("/v1/payment_intents", "amount=1&currency=eur", idempotencyKey: "k")
            #expect(wrong.status == 400)
            let right = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(right.status == 200)
            #expect(right.header("Idempotent-Replayed") == nil)
        }
    }

    @Test("a 500 is kept and replayed, and says that retrying is of no use")
    func replaysServerErrors() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(.serverErrorAfter, target: "payment_intents.create", count: 1)])
            for isReplay in [false, true] {
                let answer = try await client.post(
                    "/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
                #expect(answer.status == 500)
                #expect(answer.error.text("type") == "api_error")
                #expect(answer.header("Stripe-Should-Retry") == "false")
                #expect((answer.header("Idempotent-Replayed") == "true") == isReplay)
            }
            // It took place all the same.
            #expect(try server.snapshot().paymentIntents.count == 1)
        }
    }

    @Test("a gateway's 502 is not kept: the next try gets the true answer, once")
    func forgetsGatewayErrors() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([
                SandboxFault(.serverErrorAfter, count: 1, status: 502, isRemembered: false)
            ])
            let first = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(first.status == 502)
            let second = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(second.status == 200)
            #expect(try server.snapshot().paymentIntents.count == 1)
        }
    }

    @Test("a second request under a key that is in use is 409, and is not kept")
    func refusesConcurrent() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            try server.setFaults([SandboxFault(.latency, milliseconds: 300...300)])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        try await client.post(
                            "/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k"
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 409])
            let third = try await client.post("/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: "k")
            #expect(third.status == 200)
            #expect(try server.snapshot().paymentIntents.count == 1)
        }
    }

    @Test("a key longer than 255 characters is refused")
    func refusesLongKeys() async throws {
        try await StripeSandboxServer.withServer { server in
            let answer = try await SandboxClient(server).post(
                "/v1/payment_intents", "amount=2500&currency=eur", idempotencyKey: String(repeating: "k", count: 256))
            #expect(answer.status == 400)
        }
    }
}
