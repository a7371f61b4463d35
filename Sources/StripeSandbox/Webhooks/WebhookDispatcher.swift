import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1

/// Does what takes time: delivers events until they are answered with 2xx, and lets what ends by itself end.
struct WebhookDispatcher: Sendable {
    let engine: SandboxEngine
    let client: HTTPClient
    let retry: WebhookRetry
    let logger: Logger

    /// A delivery that waits for the endpoint's next one.
    private struct Held {
        let event: String
        let endpoint: WebhookEndpoint
    }

    /// Runs until its task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            var held: [String: [Held]] = [:]
            for await work in engine.work {
                switch work {
                case .deliver(let event, let endpoint, let after):
                    let behind = held.removeValue(forKey: endpoint.url) ?? []
                    group.addTask {
                        await deliver(event, to: endpoint, after: after)
                        for late in behind { await deliver(late.event, to: late.endpoint, after: .zero) }
                    }
                case .deliverBehindNext(let event, let endpoint, let atMost):
                    held[endpoint.url, default: []].append(Held(event: event, endpoint: endpoint))
                    // If no next one comes, it goes when the time is over; a second delivery is a duplicate at worst.
                    group.addTask {
                        guard await pause(atMost), isUndelivered(event, at: endpoint.url) else { return }
                        await deliver(event, to: endpoint, after: .zero)
                    }
                case .settleIntent(let id, let succeeds, let after):
                    group.addTask {
                        guard await pause(after) else { return }
                        settle { ledger throws(StripeAPIError) in
                            try ledger.finishProcessing(id, succeeds: succeeds)
                        }
                    }
                case .settleRefund(let id, let succeeds, let after):
                    group.addTask {
                        guard await pause(after) else { return }
                        settle { ledger throws(StripeAPIError) in try ledger.finishRefund(id, succeeds: succeeds) }
                    }
                }
            }
        }
    }

    /// Somebody may have settled it by hand before its time: then there is nothing left to do.
    private func settle(_ operation: (inout SandboxLedger) throws(StripeAPIError) -> Void) {
        do {
            try engine.perform(operation)
        } catch {
            logger.debug("stripe sandbox had nothing to settle", metadata: ["reason": "\(error.message)"])
        }
    }

    private func isUndelivered(_ id: String, at url: String) -> Bool {
        engine.perform { ledger in ledger.event(id)?.undelivered.contains(url) == true }
    }

    private func deliver(_ id: String, to endpoint: WebhookEndpoint, after: Duration) async {
        guard await pause(after) else { return }
        for attempt in 1...max(1, retry.maxAttempts) {
            guard let event = engine.perform({ ledger in ledger.event(id) }), !Task.isCancelled else { return }
            let body = endpoint.style == .thin ? event.thinJSON.bytes : event.json.bytes
            if await post(body, to: endpoint, event: event) {
                engine.perform { ledger in ledger.delivered(id, to: endpoint.url) }
                return
            }
            guard await pause(retry.delay(after: attempt)) else { return }
        }
        logger.warning("stripe sandbox gave up on a delivery", metadata: ["event_id": "\(id)"])
    }

    /// One try; the timestamp in the signature is fresh each time.
    private func post(_ body: [UInt8], to endpoint: WebhookEndpoint, event: EventRecord) async -> Bool {
        var request = HTTPClientRequest(url: endpoint.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
        request.headers.add(name: "User-Agent", value: "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        request.headers.add(
            name: "Stripe-Signature",
            value: WebhookSigner.header(body: body, secrets: endpoint.secrets, timestamp: UnixTime.now()))
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let response = try await client.execute(request, timeout: TimeAmount(retry.timeout))
            for try await _ in response.body {}
            if (200..<300).contains(response.status.code) { return true }
            logger.debug(
                "stripe sandbox delivery refused",
                metadata: ["event_id": "\(event.id)", "type": "\(event.type)", "status": "\(response.status.code)"])
        } catch {
            logger.debug(
                "stripe sandbox delivery failed",
                metadata: ["event_id": "\(event.id)", "type": "\(event.type)", "error": "\(error)"])
        }
        return false
    }

    /// False when the task was cancelled meanwhile.
    private func pause(_ duration: Duration) async -> Bool {
        guard duration > .zero else { return !Task.isCancelled }
        return (try? await Task.sleep(for: duration)) != nil
    }
}
