import Foundation
import StripeSandbox
import TestSupport
import Testing

@Suite("Sandbox: journal")
struct JournalTests {
    private func withJournal(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sandbox-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appending(path: "journal.jsonl"))
    }

    @Test("objects and idempotency keys outlive the process")
    func survives() async throws {
        try await withJournal { url in
            let configuration = StripeSandboxConfiguration(journal: url)
            let id = try await StripeSandboxServer.withServer(configuration) { server in
                let client = try await SandboxClient(server)
                let id = try await client.makePaid()
                _ = try await client.post("/v1/refunds", "payment_intent=\(id)&amount=500", idempotencyKey: "k")
                return id
            }
            try await StripeSandboxServer.withServer(configuration) { server in
                let client = try await SandboxClient(server)
                #expect(try await client.get("/v1/payment_intents/\(id)").json.text("status") == "succeeded")
                let replayed = try await client.post(
                    "/v1/refunds", "payment_intent=\(id)&amount=500", idempotencyKey: "k")
                #expect(replayed.header("Idempotent-Replayed") == "true")
                #expect(try server.snapshot().refunds.count == 1)
                #expect(try server.snapshot().charges.first?.amountRefunded == 500)
                // New objects come behind the old ones.
                let next = try await client.makeIntent()
                let list = try await client.get("/v1/payment_intents").json["data"].list
                #expect(list.map { $0.text("id") } == [next, id])
            }
        }
    }

    @Test("what was processing ends, and what was not delivered is, after a restart")
    func goesOn() async throws {
        try await withJournal { url in
            var configuration = StripeSandboxConfiguration(
                webhooks: [WebhookEndpoint(url: "http://127.0.0.1:9/none", secrets: ["whsec_1"])],
                settleDelay: .seconds(3600), journal: url)
            let id = try await StripeSandboxServer.withServer(configuration) { server in
                try await SandboxClient(server).makePaid("pm_sandbox_processingSucceeds")
            }
            try await WebhookReceiver.withReceiver { receiver, address in
                configuration.webhooks = [WebhookEndpoint(url: address, secrets: ["whsec_1"])]
                configuration.settleDelay = .milliseconds(10)
                try await StripeSandboxServer.withServer(configuration) { server in
                    try await eventually("it succeeds") {
                        try server.snapshot().paymentIntents.first { $0.id == id }?.status == "succeeded"
                    }
                    try await eventually("all three deliveries") {
                        Set(receiver.types) == [
                            "payment_intent.created", "payment_intent.processing", "payment_intent.succeeded",
                        ]
                    }
                }
            }
        }
    }

    @Test("wherever a killed process left its journal, a request that is sent again is done once")
    func isWhole() async throws {
        try await withJournal { url in
            let method = "payment_method=pm_card_visa&automatic_payment_methods[allow_redirects]=never"
            let form = "amount=2500&currency=eur&confirm=true&\(method)"
            try await StripeSandboxServer.withServer(StripeSandboxConfiguration(journal: url)) { server in
                let answer = try await SandboxClient(server).post("/v1/payment_intents", form, idempotencyKey: "k")
                #expect(answer.status == 200)
            }
            let journal = try Data(contentsOf: url)
            // The PaymentIntent, its charge, two events and the outcome under the key.
            try #require(journal.count > 2000)
            for length in Array(stride(from: 0, to: journal.count, by: 97)) + [journal.count] {
                try journal.prefix(length).write(to: url)
                try await StripeSandboxServer.withServer(StripeSandboxConfiguration(journal: url)) { server in
                    let again = try await SandboxClient(server).post("/v1/payment_intents", form, idempotencyKey: "k")
                    #expect(again.status == 200)
                    let snapshot = try server.snapshot()
                    #expect(snapshot.paymentIntents.map(\.status) == ["succeeded"], "after \(length) bytes")
                    #expect(snapshot.charges.count == 1, "after \(length) bytes")
                }
            }
        }
    }

    @Test("a file that is no journal is refused, and left as it is")
    func refusesOthers() async throws {
        try await withJournal { url in
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            let text = "[]\n{\"intent\":{}}\n"
            try Data(text.utf8).write(to: url)
            let error = await #expect(throws: (any Error).self) {
                try await StripeSandboxServer.withServer(StripeSandboxConfiguration(journal: url)) { _ in }
            }
            #expect("\(try #require(error))".hasPrefix("line 2 of \(url.path)"))
            #expect(try String(contentsOf: url, encoding: .utf8) == text)
        }
    }

    @Test("half a line at the end, of a killed process, is left out")
    func toleratesHalfALine() async throws {
        try await withJournal { url in
            let configuration = StripeSandboxConfiguration(journal: url)
            let id = try await StripeSandboxServer.withServer(configuration) { server in
                try await SandboxClient(server).makeIntent()
            }
            let file = try FileHandle(forWritingTo: url)
            try file.seekToEnd()
            try file.write(contentsOf: Data(#"[{"intent":{"_0":{"id":"pi_"#.utf8))
            try file.close()
            try await StripeSandboxServer.withServer(configuration) { server in
                let snapshot = try server.snapshot()
                #expect(snapshot.paymentIntents.map(\.id) == [id])
            }
        }
    }
}
