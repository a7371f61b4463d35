import StripeSandbox
import Testing

@Suite("Sandbox: PaymentIntents")
struct PaymentIntentTests {
    @Test("a PaymentIntent has Stripe's shape and its metadata")
    func creates() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let answer = try await client.post(
                "/v1/payment_intents",
                "amount=2500&currency=EUR&metadata[order_id]=o%201&metadata%5Bsaga_id%5D=s+1&"
                    + "automatic_payment_methods[enabled]=true")
            #expect(answer.status == 200)
            let intent = answer.json
            #expect(intent.text("id").hasPrefix("pi_"))
            #expect(intent.text("client_secret").hasPrefix(intent.text("id") + "_secret_"))
            #expect(intent.text("object") == "payment_intent")
            #expect(intent.text("status") == "requires_payment_method")
            #expect(intent.number("amount") == 2500)
            #expect(intent.number("amount_received") == 0)
            #expect(intent.text("currency") == "eur")
            #expect(intent["metadata"].text("order_id") == "o 1")
            #expect(intent["metadata"].text("saga_id") == "s 1")
            #expect(intent.flag("livemode") == false)
            #expect(intent.isNull("latest_charge"))
        }
    }

    @Test("each answer names its request and repeats the version that was pinned")
    func answersWithHeaders() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let answer = try await client.get("/v1/events", headers: ["Stripe-Version": "2024-01-01"])
            #expect(answer.header("Stripe-Version") == "2024-01-01")
            #expect(answer.header("Request-Id")?.hasPrefix("req_") == true)
        }
    }

    @Test("a wrong key is 401, also as Basic")
    func refusesKeys() async throws {
        try await StripeSandboxServer.withServer { server in
            var client = try await SandboxClient(server)
            // "sk_test_sandbox:" in base64.
            let basic = try await client.get(
                "/v1/events", headers: ["Authorization": "Basic c2tfdGVzdF9zYW5kYm94Og=="])
            #expect(basic.status == 200)
            client.key = "sk_test_wrong"
            let answer = try await client.get("/v1/events")
            #expect(answer.status == 401)
            #expect(answer.error.text("type") == "invalid_request_error")
        }
    }

    @Test(
        "parameters that fail validation are 400 with their name",
        arguments: [
            ("currency=eur", "amount", "parameter_missing"),
            ("amount=10&currency=eur", "amount", "amount_too_small"),
            ("amount=100000000&currency=eur", "amount", "amount_too_large"),
            ("amount=2.5&currency=eur", "amount", "parameter_invalid_integer"),
            ("amount=2500", "currency", "parameter_missing"),
            ("amount=2500&currency=eur&colour=red", "colour", "parameter_unknown"),
            ("amount=2500&currency=eur&payment_method=pm_none", "payment_method", "resource_missing"),
        ])
    func validates(form: String, parameter: String, code: String) async throws {
        try await StripeSandboxServer.withServer { server in
            let answer = try await SandboxClient(server).post("/v1/payment_intents", form)
            #expect(answer.status == 400)
            #expect(answer.error.text("type") == "invalid_request_error")
            #expect(answer.error.text("param") == parameter)
            #expect(answer.error.text("code") == code)
        }
    }

    @Test("an unknown PaymentIntent is 404 resource_missing")
    func missing() async throws {
        try await StripeSandboxServer.withServer { server in
            let answer = try await SandboxClient(server).get("/v1/payment_intents/pi_none")
            #expect(answer.status == 404)
            #expect(answer.error.text("code") == "resource_missing")
        }
    }

    @Test("confirmed with a good card it succeeds, and its charge can be expanded")
    func succeeds() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid()
            let intent = try await client.get("/v1/payment_intents/\(id)?expand[]=latest_charge").json
            #expect(intent.text("status") == "succeeded")
            #expect(intent.number("amount_received") == 2500)
            #expect(intent["latest_charge"].text("status") == "succeeded")
            #expect(intent["latest_charge"].number("amount_captured") == 2500)
        }
    }

    @Test("a server that confirms with payment methods that may redirect has to give a return_url")
    func needsReturnURL() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makeIntent()
            let answer = try await client.post("/v1/payment_intents/\(id)/confirm", "payment_method=pm_card_visa")
            #expect(answer.status == 400)
            #expect(answer.error.text("param") == "return_url")
        }
    }

    @Test(
        "a declined card is 402 with the PaymentIntent, which waits for another one",
        arguments: [
            ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", ""),
        ])
    func declines(method: String, code: String, declineCode: String) async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let answer = try await client.post(
                "/v1/payment_intents",
                "amount=2500&currency=eur&confirm=true&payment_method=\(method)&"
                    + "automatic_payment_methods[allow_redirects]=never")
            #expect(answer.status == 402)
            #expect(answer.error.text("type") == "card_error")
            #expect(answer.error.text("code") == code)
            #expect(answer.error.text("decline_code") == declineCode)
            let intent = answer.error["payment_intent"]
            #expect(intent.text("status") == "requires_payment_method")
            #expect(intent["last_payment_error"].text("code") == code)
            #expect(intent["last_payment_error"].text("charge").hasPrefix("ch_"))
            let retry = try await client.post(
                "/v1/payment_intents/\(intent.text("id"))/confirm", "payment_method=pm_card_visa")
            #expect(retry.json.text("status") == "succeeded")
        }
    }

    @Test("authentication is asked for, and ends as the customer makes it", arguments: [true, false])
    func needsAction(succeeds: Bool) async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid("pm_card_authenticationRequired")
            let waiting = try await client.get("/v1/payment_intents/\(id)").json
            #expect(waiting.text("status") == "requires_action")
            #expect(waiting["next_action"].text("type") == "use_stripe_sdk")
            try server.completeAction(id, succeeds: succeeds)
            let intent = try await client.get("/v1/payment_intents/\(id)").json
            #expect(intent.text("status") == (succeeds ? "succeeded" : "requires_payment_method"))
            if !succeeds {
                #expect(
                    intent["last_payment_error"].text("code") == "payment_intent_authentication_failure")
            }
        }
    }

    @Test("processing lasts until told, and then succeeds or fails", arguments: [true, false])
    func processes(succeeds: Bool) async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid("pm_sandbox_processing")
            #expect(try await client.get("/v1/payment_intents/\(id)").json.text("status") == "processing")
            let outcome = succeeds ? "succeed" : "fail"
            let told = try await client.post(
                "/_sandbox/payment_intents/\(id)/finish_processing", #"{"outcome":"\#(outcome)"}"#)
            #expect(told.status == 200)
            let intent = try await client.get("/v1/payment_intents/\(id)").json
            #expect(intent.text("status") == (succeeds ? "succeeded" : "requires_payment_method"))
            #expect(intent.number("amount_received") == (succeeds ? 2500 : 0))
        }
    }

    @Test("what was captured by hand is received only then")
    func captures() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makeIntent(
                "&capture_method=manual&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card")
            let held = try await client.get("/v1/payment_intents/\(id)").json
            #expect(held.text("status") == "requires_capture")
            #expect(held.number("amount_capturable") == 2500)
            let captured = try await client.post("/v1/payment_intents/\(id)/capture").json
            #expect(captured.text("status") == "succeeded")
            #expect(captured.number("amount_received") == 2500)
        }
    }

    @Test("one that waits is cancelled, for a reason of Stripe's")
    func cancels() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makeIntent()
            let wrong = try await client.post("/v1/payment_intents/\(id)/cancel", "cancellation_reason=boredom")
            #expect(wrong.status == 400)
            let intent = try await client.post("/v1/payment_intents/\(id)/cancel", "cancellation_reason=abandoned").json
            #expect(intent.text("status") == "canceled")
            #expect(intent.text("cancellation_reason") == "abandoned")
            let again = try await client.post(
                "/v1/payment_intents/\(id)/confirm", "payment_method=pm_card_visa&return_url=x")
            #expect(again.error.text("code") == "payment_intent_unexpected_state")
        }
    }

    @Test(
        "one that has ended or is being processed is not cancelled",
        arguments: [("pm_card_visa", "succeeded"), ("pm_sandbox_processing", "processing")])
    func refusesToCancel(method: String, status: String) async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let id = try await client.makePaid(method)
            let answer = try await client.post("/v1/payment_intents/\(id)/cancel")
            #expect(answer.status == 400)
            #expect(answer.error.text("code") == "payment_intent_unexpected_state")
            #expect(answer.error["payment_intent"].text("status") == status)
        }
    }

    @Test("a browser may read and confirm only what it has the client secret of")
    func letsBrowsersPay() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            let made = try await client.post("/v1/payment_intents", "amount=2500&currency=eur").json
            let id = made.text("id")
            var browser = client
            browser.key = "pk_test_sandbox"
            #expect(try await browser.get("/v1/payment_intents/\(id)").status == 404)
            #expect(try await browser.get("/v1/events").status == 401)
            let secret = made.text("client_secret")
            let paid = try await browser.post(
                "/v1/payment_intents/\(id)/confirm", "payment_method=pm_card_visa&client_secret=\(secret)")
            #expect(paid.json.text("status") == "succeeded")
        }
    }

    @Test("lists are newest first, in pages")
    func lists() async throws {
        try await StripeSandboxServer.withServer { server in
            let client = try await SandboxClient(server)
            var ids: [String] = []
            for _ in 0..<5 { ids.append(try await client.makeIntent()) }
            let first = try await client.get("/v1/payment_intents?limit=2").json
            #expect(first["data"].list.map { $0.text("id") } == [ids[4], ids[3]])
            #expect(first.flag("has_more") == true)
            let second = try await client.get("/v1/payment_intents?limit=3&starting_after=\(ids[3])").json
            #expect(second["data"].list.map { $0.text("id") } == [ids[2], ids[1], ids[0]])
            #expect(second.flag("has_more") == false)
        }
    }
}
