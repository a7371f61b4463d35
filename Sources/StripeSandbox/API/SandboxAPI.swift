import Foundation
import Logging

/// Stripe's API: who calls, what goes wrong, idempotency, and the operation itself.
struct SandboxAPI: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        /// The query string of a GET, the body of a POST.
        let parameters: FormParameters
        let authorization: String?
        let idempotencyKey: String?
        let version: String?
    }

    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        var headers: [String: String]
    }

    /// What the caller gets to see.
    enum Reaction: Sendable {
        case answer(Answer)
        /// The connection is closed without an answer, after a while.
        case silence(Duration)
    }

    let engine: SandboxEngine
    let secretKeys: Set<String>
    let publishableKeys: Set<String>
    let apiVersion: String

    func respond(to request: Request) async -> Reaction {
        let requestID = engine.perform { ledger in ledger.identifier("req", length: 14) }
        var headers = [
            "Request-Id": requestID, "Stripe-Version": request.version ?? apiVersion,
            "Content-Type": "application/json", "Cache-Control": "no-cache, no-store",
        ]
        if let key = request.idempotencyKey { headers["Idempotency-Key"] = key }
        let reaction = await react(to: request, requestID: requestID)
        guard case .answer(var answer) = reaction else { return reaction }
        answer.headers.merge(headers) { own, _ in own }
        return .answer(answer)
    }

    private func react(to request: Request, requestID: String) async -> Reaction {
        guard let key = Self.apiKey(request.authorization),
            secretKeys.contains(key) || publishableKeys.contains(key)
        else { return .answer(Self.answer(.unauthorized)) }
        guard let operation = SandboxOperation(method: request.method, path: request.path) else {
            return .answer(Self.answer(.unknownRoute(request.method, request.path)))
        }
        let isBrowser = !secretKeys.contains(key)
        if isBrowser, !operation.isForBrowsers { return .answer(Self.answer(.unauthorized)) }
        let call = SandboxLedger.Call(
            requestID: requestID, idempotencyKey: request.idempotencyKey,
            apiVersion: request.version ?? apiVersion,
            clientSecret: request.parameters.string("client_secret"), isBrowser: isBrowser)

        let idempotencyKey = operation.isWrite ? request.idempotencyKey.map { "\(key):\($0)" } : nil
        let fingerprint = "\(request.method) \(request.path)\u{3}\(request.parameters.fingerprint)"
        if let idempotencyKey, let answer = admit(idempotencyKey, fingerprint: fingerprint) { return .answer(answer) }

        let (latency, fault) = drawFaults(operation)
        if latency > .zero { try? await Task.sleep(for: latency) }
        return run(
            operation, request.parameters, call, fault: fault,
            remember: idempotencyKey.map { (key: $0, fingerprint: fingerprint) })
    }

    /// Nil when the request is to run.
    private func admit(_ key: String, fingerprint: String) -> Answer? {
        let admission = engine.perform { ledger in
            ledger.keys.admit(key: key, fingerprint: fingerprint, now: UnixTime.now())
        }
        switch admission {
        case .run: return nil
        case .refuse(let error): return Self.answer(error)
        case .replay(let outcome):
            var headers = ["Idempotent-Replayed": "true", "Original-Request": outcome.requestID]
            if outcome.status >= 500 { headers["Stripe-Should-Retry"] = "false" }
            return Answer(status: outcome.status, body: Array(outcome.body.utf8), headers: headers)
        }
    }

    private func drawFaults(_ operation: SandboxOperation) -> (Duration, (fault: SandboxFault, time: Duration)?) {
        engine.perform { ledger in
            ledger.count(operation.name)
            let hit = ledger.faults.request(operation.name)
            return (hit.latency, hit.fault.map { (fault: $0, time: ledger.faults.time($0)) })
        }
    }

    /// The operation and what is kept under its key are one change: a process that is killed leaves both or neither.
    private func run(
        _ operation: SandboxOperation, _ parameters: FormParameters, _ call: SandboxLedger.Call,
        fault: (fault: SandboxFault, time: Duration)?, remember: (key: String, fingerprint: String)?
    ) -> Reaction {
        engine.perform { ledger in
            var kept: Answer?
            defer { Self.finish(remember, kept, call, &ledger) }
            let time = fault?.time ?? .zero
            switch fault?.fault.effect {
            case .closeBefore: return .silence(.zero)
            case .hangBefore: return .silence(time)
            case .rateLimit: return .answer(Self.answer(.rateLimited))
            case .lockTimeout: return .answer(Self.answer(.lockTimeout))
            default: break
            }
            let error = Self.answer(.server(fault?.fault.status ?? 500))
            let isErrorKept = fault?.fault.isRemembered == true
            if fault?.fault.effect == .serverErrorBefore {
                kept = isErrorKept ? error : nil
                return .answer(Self.marked(error, isKept: isErrorKept && remember != nil))
            }
            let (answer, isKept) = Self.execute(operation, parameters, call, &ledger)
            kept = isKept ? answer : nil
            switch fault?.fault.effect {
            case .serverErrorAfter:
                if isKept, isErrorKept { kept = error }
                return .answer(Self.marked(error, isKept: isErrorKept && remember != nil))
            case .closeAfter: return .silence(.zero)
            case .hangAfter: return .silence(time)
            default: return .answer(Self.marked(answer, isKept: isKept && remember != nil))
            }
        }
    }

    /// Trying again what would only be replayed is of no use: Stripe says so.
    private static func marked(_ answer: Answer, isKept: Bool) -> Answer {
        guard answer.status >= 500, isKept else { return answer }
        var answer = answer
        answer.headers["Stripe-Should-Retry"] = "false"
        return answer
    }

    private static func finish(
        _ remember: (key: String, fingerprint: String)?, _ answer: Answer?, _ call: SandboxLedger.Call,
        _ ledger: inout SandboxLedger
    ) {
        guard let remember else { return }
        let outcome = answer.map {
            IdempotencyCache.Outcome(
                key: remember.key, fingerprint: remember.fingerprint, status: $0.status,
                body: String(decoding: $0.body, as: UTF8.self), requestID: call.requestID ?? "",
                created: UnixTime.now())
        }
        ledger.keys.finish(remember.key, outcome: outcome)
        if let outcome { ledger.entries.append(.key(outcome)) }
    }

    private static func execute(
        _ operation: SandboxOperation, _ parameters: FormParameters, _ call: SandboxLedger.Call,
        _ ledger: inout SandboxLedger
    ) -> (Answer, isKept: Bool) {
        do throws(StripeAPIError) {
            let json = try ledger.perform(operation, parameters, call)
            return (Answer(status: 200, body: json.bytes, headers: [:]), true)
        } catch {
            return (answer(error), error.isRemembered)
        }
    }

    private static func answer(_ error: StripeAPIError) -> Answer {
        Answer(status: error.status, body: error.body.bytes, headers: error.headers)
    }

    /// The key of `Bearer` or, as the user name, of `Basic`.
    private static func apiKey(_ authorization: String?) -> String? {
        guard let authorization else { return nil }
        if authorization.hasPrefix("Bearer ") { return String(authorization.dropFirst(7)) }
        guard authorization.hasPrefix("Basic "),
            let decoded = Data(base64Encoded: String(authorization.dropFirst(6)))
        else { return nil }
        return String(decoding: decoded, as: UTF8.self).split(separator: ":").first.map(String.init)
    }
}
