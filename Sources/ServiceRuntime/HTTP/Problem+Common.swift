import HTTPTypes

extension Problem {
    /// 400: the request as a whole makes no sense.
    public static func badRequest(code: String = "bad_request", _ detail: String) -> Problem {
        Problem(.badRequest, code: code, title: "Bad request", detail: detail)
    }

    /// 400 `invalid_parameter`: a path or query parameter is not of its form.
    public static func invalidParameter(_ name: String, expected: String) -> Problem {
        Problem(
            .badRequest, code: "invalid_parameter", title: "Invalid parameter", detail: "\(name): expected \(expected)",
            errors: [FieldError(field: name, code: "invalid", message: "expected \(expected)")])
    }

    static func missingParameter(_ name: String) -> Problem {
        Problem(
            .badRequest, code: "invalid_parameter", title: "Invalid parameter", detail: "\(name) is missing",
            errors: [FieldError(field: name, code: "missing", message: "is missing")])
    }

    /// 401: no token, or one that does not hold.
    static func unauthorized(code: String, detail: String, challenge: String) -> Problem {
        Problem(
            .unauthorized, code: code, title: "Authentication required", detail: detail,
            headers: [.wwwAuthenticate: challenge])
    }

    /// 403 `forbidden`: known, but not allowed.
    public static var forbidden: Problem { forbidden("you may not do this") }

    /// 403 `forbidden`, with the reason.
    public static func forbidden(_ detail: String) -> Problem {
        Problem(.forbidden, code: "forbidden", title: "Forbidden", detail: detail)
    }

    /// 403 `role_required`, naming the roles that may.
    public static func roleRequired(_ roles: [Role]) -> Problem {
        let names = roles.map(\.rawValue)
        return Problem(
            .forbidden, code: "role_required", title: "Forbidden",
            detail: "this needs the role \(names.joined(separator: " or "))", fields: ["requiredRoles": names])
    }

    /// 404 `not_found`. It is also the answer about what belongs to somebody else, so that ids cannot be probed.
    public static var notFound: Problem { notFound("resource") }

    /// 404 `not_found`, naming what was not found, such as `order`.
    public static func notFound(_ what: String) -> Problem {
        Problem(.notFound, code: "not_found", title: "Not found", detail: "no such \(what)")
    }

    /// 409: the state of things does not allow it.
    public static func conflict(
        code: String = "conflict", _ detail: String, fields: [String: any Encodable & Sendable] = [:]
    ) -> Problem {
        Problem(.conflict, code: code, title: "Conflict", detail: detail, fields: fields)
    }

    /// 412 `precondition_failed`: somebody else changed it since it was read.
    public static func preconditionFailed(current: ETag? = nil) -> Problem {
        Problem(
            .preconditionFailed, code: "precondition_failed", title: "Precondition failed",
            detail: "it was changed since it was read: read it again",
            headers: current.map { [.eTag: $0.description] } ?? [:])
    }

    /// 413 `content_too_large`.
    public static func contentTooLarge(limit: Int) -> Problem {
        Problem(
            .contentTooLarge, code: "content_too_large", title: "Content too large",
            detail: "the body may have at most \(limit) bytes", fields: ["limit": limit])
    }

    /// 415 `unsupported_media_type`.
    public static func unsupportedMediaType(given: String, expected: String) -> Problem {
        Problem(
            .unsupportedMediaType, code: "unsupported_media_type", title: "Unsupported media type",
            detail: "the content type is \(given): expected \(expected)", headers: [.accept: expected])
    }

    /// 422 `validation_failed`, field by field.
    public static func validation(_ errors: [FieldError]) -> Problem {
        Problem(
            .unprocessableContent, code: "validation_failed", title: "Validation failed",
            detail: errors.map { "\($0.field) \($0.message)" }.joined(separator: "; "), errors: errors)
    }

    /// 422 `validation_failed` for one field.
    public static func validation(_ field: String, code: String = "invalid", _ message: String) -> Problem {
        validation([FieldError(field: field, code: code, message: message)])
    }

    /// 422 with a code of its own: understood, but it cannot be done.
    public static func unprocessable(
        code: String, _ detail: String, fields: [String: any Encodable & Sendable] = [:]
    ) -> Problem {
        Problem(.unprocessableContent, code: code, title: "Unprocessable", detail: detail, fields: fields)
    }

    /// 503: try again after so many seconds.
    public static func unavailable(
        code: String = "unavailable", _ detail: String = "try again in a moment", retryAfter seconds: Int = 1
    ) -> Problem {
        Problem(
            .serviceUnavailable, code: code, title: "Temporarily unavailable", detail: detail,
            headers: [.retryAfter: String(seconds)])
    }

    /// 500 `internal_error`: the id is in the log, and nothing else of the error is told.
    static func internalError(id: String) -> Problem {
        Problem(
            .internalServerError, code: "internal_error", title: "Internal error",
            detail: "something went wrong here; the id names it in our logs", fields: ["errorId": id])
    }
}
