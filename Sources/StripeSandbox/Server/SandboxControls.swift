import Foundation

/// The controls under `/_sandbox`: what a test, a demo or an operator does to the stand-in. JSON in and out, no key.
struct SandboxControls: Sendable {
    let engine: SandboxEngine

    private struct Outcome: Codable { var outcome: String? }
    private struct Payment: Codable { var paymentMethod: String? }

    func respond(_ method: String, _ path: String, _ body: [UInt8]) -> SandboxAPI.Answer {
        let parts = path.split(separator: "/").dropFirst().map(String.init)
        do {
            return try answer(method, parts, Data(body)) ?? Self.error(404, "no such control")
        } catch let error as StripeAPIError {
            return Self.error(error.status, error.message)
        } catch is DecodingError {
            return Self.error(400, "the body is not what this control takes")
        } catch {
            return Self.error(500, "\(error)")
        }
    }

    private func answer(_ method: String, _ parts: [String], _ body: Data) throws -> SandboxAPI.Answer? {
        switch (method, parts.first, parts.count) {
        case ("GET", "state", 1): return try Self.json(snapshot())
        case ("POST", "reset", 1):
            engine.reset()
            return Self.done
        case ("GET", "faults", 1): return try Self.json(faults())
        case ("PUT", "faults", 1): return try setFaults(Self.decode([SandboxFault].self, body))
        case ("POST", "faults", 1): return try setFaults(faults() + [Self.decode(SandboxFault.self, body)])
        case ("DELETE", "faults", 1): return try setFaults([])
        case ("POST", "forget_keys", 1):
            try forgetKeys()
            return Self.done
        case ("PUT", "webhooks", 1):
            try setWebhooks(Self.decode([WebhookEndpoint].self, body))
            return Self.done
        case ("POST", "payment_intents", 3): return try control(paymentIntent: parts[1], parts[2], body)
        case ("POST", "refunds", 3) where parts[2] == "finish":
            try finishRefund(parts[1], succeeds: succeeds(body))
            return Self.done
        case ("POST", "events", 3) where parts[2] == "resend":
            try engine.perform { ledger throws(StripeAPIError) in try ledger.resend(parts[1]) }
            return Self.done
        default: return nil
        }
    }

    private func control(paymentIntent id: String, _ action: String, _ body: Data) throws -> SandboxAPI.Answer? {
        switch action {
        case "pay":
            let method = try Self.decode(Payment.self, body).paymentMethod ?? "pm_card_visa"
            try pay(id, with: method)
        case "complete_action": try completeAction(id, succeeds: succeeds(body))
        case "finish_processing": try finishProcessing(id, succeeds: succeeds(body))
        default: return nil
        }
        return Self.done
    }

    // MARK: The controls themselves

    func snapshot() throws(StripeAPIError) -> SandboxSnapshot {
        try engine.perform { ledger throws(StripeAPIError) in SandboxSnapshot(ledger) }
    }

    func faults() throws(StripeAPIError) -> [SandboxFault] {
        try engine.perform { ledger throws(StripeAPIError) in ledger.faults.faults }
    }

    @discardableResult
    func setFaults(_ faults: [SandboxFault]) throws(StripeAPIError) -> SandboxAPI.Answer {
        try engine.perform { ledger throws(StripeAPIError) in ledger.faults.set(faults) }
        return Self.done
    }

    func forgetKeys() throws(StripeAPIError) {
        try engine.perform { ledger throws(StripeAPIError) in ledger.keys.forget() }
    }

    func setWebhooks(_ endpoints: [WebhookEndpoint]) throws(StripeAPIError) {
        try engine.perform { ledger throws(StripeAPIError) in ledger.webhooks = endpoints }
    }

    /// What the customer's browser does with the client secret. A decline is no error of the control.
    func pay(_ id: String, with method: String) throws(StripeAPIError) {
        try engine.perform { ledger throws(StripeAPIError) in
            guard let intent = ledger.intents[id] else { throw .notFound("payment_intent", id, parameter: "intent") }
            let call = SandboxLedger.Call(
                requestID: ledger.identifier("req", length: 14), idempotencyKey: nil, apiVersion: ledger.apiVersion,
                clientSecret: intent.clientSecret, isBrowser: true)
            do throws(StripeAPIError) {
                _ = try ledger.confirmPaymentIntent(id, FormParameters("payment_method=\(method)"), call)
            } catch {
                guard error.type == "card_error" else { throw error }
            }
        }
    }

    func completeAction(_ id: String, succeeds: Bool) throws(StripeAPIError) {
        try engine.perform { ledger throws(StripeAPIError) in try ledger.completeAction(id, succeeds: succeeds) }
    }

    func finishProcessing(_ id: String, succeeds: Bool) throws(StripeAPIError) {
        try engine.perform { ledger throws(StripeAPIError) in try ledger.finishProcessing(id, succeeds: succeeds) }
    }

    func finishRefund(_ id: String, succeeds: Bool) throws(StripeAPIError) {
        try engine.perform { ledger throws(StripeAPIError) in try ledger.finishRefund(id, succeeds: succeeds) }
    }

    // MARK: JSON

    private func succeeds(_ body: Data) throws -> Bool {
        try Self.decode(Outcome.self, body).outcome.map { $0 == "succeed" || $0 == "succeeded" } ?? true
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ body: Data) throws -> Value {
        try JSONDecoder().decode(type, from: body.isEmpty ? Data("{}".utf8) : body)
    }

    private static func json(_ value: some Encodable) throws -> SandboxAPI.Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return SandboxAPI.Answer(
            status: 200, body: [UInt8](try encoder.encode(value)), headers: ["Content-Type": "application/json"])
    }

    private static let done = SandboxAPI.Answer(
        status: 200, body: Array(#"{"ok":true}"#.utf8), headers: ["Content-Type": "application/json"])

    private static func error(_ status: Int, _ message: String) -> SandboxAPI.Answer {
        let body: JSONValue = ["error": ["message": .string(message)]]
        return SandboxAPI.Answer(status: status, body: body.bytes, headers: ["Content-Type": "application/json"])
    }
}
