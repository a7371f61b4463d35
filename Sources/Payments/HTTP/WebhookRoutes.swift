import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Postgres
import ServiceRuntime

/// Where Stripe delivers its events. It needs no token: the signature over the raw body says who it is from.
struct WebhookRoutes: Sendable {
    let signature: StripeSignature
    let intake: StripeEventIntake
    let livemode: Bool
    let limit: Int
    let metrics: PaymentMetrics
    let logger: Logger

    func add(to router: Router<AppRequestContext>) {
        router.post("/webhooks/stripe", use: receive)
    }

    private struct Receipt: Encodable {
        let received = true
        let duplicate: Bool
    }

    /// 2xx only once the event and its effect are committed: on anything else Stripe delivers it again.
    @Sendable private func receive(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let body: [UInt8]
        do {
            body = try await collectBody(of: request, maxBytes: limit)
        } catch let problem as Problem {
            throw noted(problem)
        }
        // Before anything is parsed: what was not signed is nobody's.
        do throws(StripeSignature.Failure) {
            let header = HTTPField.Name("Stripe-Signature").flatMap { request.headers[$0] }
            try signature.verify(header: header, body: body, now: Int64(Date().timeIntervalSince1970))
        } catch {
            throw refuse(error.rawValue, "the Stripe-Signature header does not hold for this body")
        }
        let event: StripeEvent
        do {
            event = try JSONDecoder().decode(StripeEvent.self, from: Data(body))
        } catch {
            throw refuse("event_malformed", "the body is not an event of Stripe's")
        }
        guard event.livemode == livemode else {
            throw refuse("livemode_mismatch", "this endpoint takes events of \(livemode ? "live" : "test") mode only")
        }
        let result = try await intake.take(event, from: .webhook)
        return try Response.json(Receipt(duplicate: result.isDuplicate))
    }

    private func refuse(_ code: String, _ detail: String) -> Problem { noted(.badRequest(code: code, detail)) }

    /// Counts and logs a refusal, without anything of the body.
    private func noted(_ problem: Problem) -> Problem {
        metrics.webhook(type: "", outcome: problem.code)
        logger.warning("stripe event refused", metadata: [LogKey.problem: "\(problem.code)"])
        return problem
    }
}
