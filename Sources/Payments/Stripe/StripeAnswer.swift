import Foundation
import NIOHTTP1

/// Turns an answer into a value or a typed error.
enum StripeAnswer {
    private struct Envelope: Decodable {
        let error: Body
    }

    private struct Body: Decodable {
        let type: String?
        let code: String?
        let declineCode: String?
        let parameter: String?
        let message: String?
        let paymentIntent: StripePaymentIntent?

        enum CodingKeys: String, CodingKey {
            case type, code, message
            case declineCode = "decline_code"
            case parameter = "param"
            case paymentIntent = "payment_intent"
        }
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, _ answer: StripeTransport.Answer, _ operation: String
    ) throws(StripeError) -> Value {
        guard (200..<300).contains(answer.status) else { throw error(answer, operation) }
        do {
            return try JSONDecoder().decode(type, from: Data(answer.body))
        } catch {
            throw describe(StripeError(.malformed, operation: operation), answer)
        }
    }

    private static func error(_ answer: StripeTransport.Answer, _ operation: String) -> StripeError {
        let body = try? JSONDecoder().decode(Envelope.self, from: Data(answer.body)).error
        var error = describe(StripeError(kind(answer.status, body?.type), operation: operation), answer)
        error.code = body?.code
        error.declineCode = body?.declineCode
        error.parameter = body?.parameter
        error.message = body?.message
        error.paymentIntent = body?.paymentIntent
        return error
    }

    private static func describe(_ error: StripeError, _ answer: StripeTransport.Answer) -> StripeError {
        var error = error
        error.httpStatus = answer.status
        error.requestID = answer.headers.first(name: "Request-Id")
        error.isReplayed = answer.headers.first(name: "Idempotent-Replayed")?.lowercased() == "true"
        error.shouldRetry = answer.headers.first(name: "Stripe-Should-Retry").flatMap { Bool($0.lowercased()) }
        error.retryAfter = answer.headers.first(name: "Retry-After").flatMap { Int64($0) }.map { .seconds($0) }
        return error
    }

    private static func kind(_ status: Int, _ type: String?) -> StripeError.Kind {
        switch (status, type) {
        case (401, _), (403, _): .authentication
        case (429, _): .rateLimited
        case (409, _), (_, "idempotency_error"): .idempotency
        case (402, _), (_, "card_error"): .card
        case (500..., _): .api
        case (400..<500, _): .invalidRequest
        default: .malformed
        }
    }
}
