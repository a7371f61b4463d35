import Foundation
public import Logging
import Metrics
import NIOHTTP1

/// Stripe's API, as far as this service needs it: PaymentIntents, refunds and events.
///
/// Each call is tried again as ``StripeRetryPolicy`` says, and each try waits for leave (``StripeGateLimits``): copies of a
/// client share it. While Stripe does not answer, calls fail at once with the kind `unavailable`: they were not made. A call that changes something is given the idempotency key and
/// the exact body that the caller has persisted, so that calling again, here or after a crash, is the same request.
/// All calls throw ``StripeError``, or `CancellationError`.
public struct StripeClient: Sendable {
    private let configuration: StripeClientConfiguration
    private let transport: StripeTransport
    private let gate: StripeGate
    private let logger: Logger

    public init(_ configuration: StripeClientConfiguration, logger: Logger) {
        self.configuration = configuration
        self.transport = StripeTransport(configuration)
        self.gate = StripeGate(configuration.limits, logger: logger)
        self.logger = logger
    }

    /// Sends a request, again if need be, and decodes the answer.
    func call<Value: Decodable>(
        _ operation: String, _ method: HTTPMethod, _ path: String, body: [UInt8]? = nil, idempotencyKey: String? = nil,
        as type: Value.Type = Value.self
    ) async throws -> Value {
        let request = StripeTransport.Request(
            operation: operation, method: method, path: path, body: body, idempotencyKey: idempotencyKey)
        let start = ContinuousClock.now
        var retries = 0
        var last: StripeError?
        while true {
            do {
                return try await attempt(request)
            } catch let error as StripeError {
                // The try before was made: what became of it is what there is to tell.
                if error.kind == .unavailable, let last { throw last }
                last = error
                let delay = configuration.retry.delay(
                    after: error, retries: retries, elapsed: ContinuousClock.now - start, random: .random(in: 0..<1))
                guard let delay else { throw error }
                retries += 1
                Counter(label: "stripe_retries_total", dimensions: [("operation", operation)]).increment()
                logger.debug("stripe call is tried again", metadata: ["error": "\(error)", "count": "\(retries)"])
                try await Task.sleep(for: delay)
            }
        }
    }

    private func attempt<Value: Decodable>(_ request: StripeTransport.Request) async throws -> Value {
        let pass = try await gate.enter(request.operation)
        let start = ContinuousClock.now
        var outcome = "ok"
        var result = StripeGateMachine.Result.answered
        defer {
            gate.leave(pass, result)
            Timer(
                label: "stripe_call_duration_seconds",
                dimensions: [("operation", request.operation), ("outcome", outcome)]
            ).record(duration: ContinuousClock.now - start)
        }
        do {
            return try StripeAnswer.decode(Value.self, try await transport.send(request), request.operation)
        } catch let error as StripeError {
            outcome = error.kind.rawValue
            result = StripeGateMachine.Result(error)
            throw error
        } catch {
            outcome = "cancelled"
            result = .abandoned
            throw error
        }
    }

    /// An id as a part of a path; what is no id of Stripe's becomes harmless text.
    func path(_ parts: String...) -> String {
        "/v1/"
            + parts.map { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["_", "-"])) ?? "" }
            .joined(separator: "/")
    }
}
