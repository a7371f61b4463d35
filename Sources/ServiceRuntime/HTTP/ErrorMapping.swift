import Hummingbird
import Outbox
import Postgres

/// What a client is told of an error.
enum ErrorMapping {
    enum Outcome {
        /// As it is.
        case told(Problem)
        /// It will pass: the reason is for the log.
        case retry(Problem, reason: String)
        /// Ours: nothing of it is told.
        case failure(reason: String)
    }

    static func outcome(of error: any Error) -> Outcome {
        switch error {
        case let problem as Problem:
            return .told(problem)
        case let error as IdempotencyError:
            return .told(Problem(idempotency: error))
        case let error as PostgresError where error.code == .cancelled || error.code == .poolClosed:
            return .retry(.stopping, reason: "\(error)")
        case let error as PostgresError
        where error.isTransient || error.isStatementTimeout || error.code == .commitOutcomeUnknown:
            return .retry(.unavailable(code: "database_unavailable"), reason: "\(error)")
        case is CancellationError:
            // The service is stopping, or the client has gone and reads no answer.
            return .retry(.stopping, reason: "cancelled")
        case let error as HTTPError:
            return .told(Problem(http: error))
        case let error as any HTTPResponseError where error.status.kind == .clientError:
            return .told(Problem(error.status, code: Problem.code(of: error.status), title: error.status.reasonPhrase))
        default:
            // A stray DecodingError is of stored data, not of the request: decodeJSON makes problems of those.
            return .failure(reason: "\(error)")
        }
    }
}

extension Problem {
    static var starting: Problem { .unavailable(code: "starting", "the service is starting") }
    static var stopping: Problem { .unavailable(code: "stopping", "the service is stopping") }

    init(idempotency error: IdempotencyError) {
        switch error {
        case .inUse:
            self.init(
                .conflict, code: "idempotency_key_in_use", title: "Conflict",
                detail: "a request with this Idempotency-Key is still running: try again in a moment",
                headers: [.retryAfter: "1"])
        case .reused:
            self = .unprocessable(
                code: "idempotency_key_reused", "this Idempotency-Key was used for another request: use a new one")
        }
    }

    /// Hummingbird's own errors, such as of a missing parameter.
    init(http error: HTTPError) {
        self.init(
            error.status, code: Self.code(of: error.status), title: error.status.reasonPhrase,
            detail: error.status.kind == .clientError ? error.body : nil, headers: error.headers)
    }

    /// `Too Many Requests` → `too_many_requests`.
    static func code(of status: HTTPResponse.Status) -> String {
        let words = status.reasonPhrase.lowercased().split { !$0.isLetter }
        return words.isEmpty ? "status_\(status.code)" : words.joined(separator: "_")
    }
}
