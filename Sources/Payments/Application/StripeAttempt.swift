import Logging

/// How a persisted call to Stripe ended this time.
enum StripeAttempt<Value: Sendable>: Sendable {
    case done(Value)
    /// It did not take place and never will under its key.
    case refused(StripeError)
    /// It may have taken place: the same key tells, later.
    case unknown(StripeError)
    /// It may have taken place, and its key keeps a failure: only reading tells.
    case fixed(StripeError)
    /// It was not made: Stripe has not answered of late.
    case unsent(StripeError)

    /// What went wrong; nil when nothing did.
    var error: StripeError? {
        switch self {
        case .done: nil
        case .refused(let error), .unknown(let error), .fixed(let error), .unsent(let error): error
        }
    }

    /// Makes the call.
    /// - Throws: `CancellationError` alone.
    static func make(logger: Logger, _ call: () async throws -> Value) async throws -> StripeAttempt {
        do {
            return .done(try await call())
        } catch let error as StripeError {
            switch error.disposition {
            case .refused: return .refused(error)
            case .unknown:
                logger.warning("stripe call is repeated later", metadata: ["error": "\(error)"])
                return .unknown(error)
            case .fixed:
                logger.warning("stripe call failed for good, reading on", metadata: ["error": "\(error)"])
                return .fixed(error)
            case .unsent: return .unsent(error)
            case .misconfigured:
                // Nothing took place, but the fault is ours: the call is as good once the key is.
                logger.error("stripe refuses the API key", metadata: ["error": "\(error)"])
                return .unknown(error)
            }
        }
    }
}
