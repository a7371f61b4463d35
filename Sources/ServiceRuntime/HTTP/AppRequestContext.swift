public import Foundation
public import Hummingbird
import Logging

/// What every route of the three services is given beside the request: who asks, and the form of its answers.
///
/// Answers are encoded as ``AppJSON`` says (camelCase, ISO 8601 dates, UUIDs in lower case).
public struct AppRequestContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// Who asks; nil when no token was sent. Routes ask through ``requireIdentity()`` or ``requireRole(_:)``.
    public var identity: Identity? {
        didSet { trail.note(identity: identity) }
    }
    /// What the inner layers learn of the request and the outer ones (request log, metrics) write down.
    let trail: RequestTrail

    public init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.identity = nil
        self.trail = RequestTrail()
    }

    public var requestDecoder: AppJSON { AppJSON() }
    public var responseEncoder: AppJSON { AppJSON() }
    /// The largest body that Hummingbird's own decoding takes, in bytes; ``decodeJSON(_:from:context:maxBytes:)`` has
    /// a limit of its own.
    public var maxUploadSize: Int { 64 * 1024 }

    /// Names this request in logs and problems: the client's `X-Request-Id`, or one made here.
    public var requestID: String { logger[metadataKey: LogKey.frameworkRequestID]?.description ?? "" }
}

extension AppRequestContext {
    /// A path parameter as a UUID.
    /// - Throws: ``Problem`` 400 `invalid_parameter` that says what was expected.
    public func uuid(_ name: String) throws(Problem) -> UUID {
        guard let text = parameters.get(name) else { throw .missingParameter(name) }
        guard let value = UUID(uuidString: text) else { throw .invalidParameter(name, expected: "a UUID") }
        return value
    }

    /// A path parameter as text, percent-decoded and not empty.
    /// - Throws: ``Problem`` 400 `invalid_parameter`.
    public func text(_ name: String) throws(Problem) -> String {
        guard let raw = parameters.get(name) else { throw .missingParameter(name) }
        guard let text = raw.removingPercentEncoding, !text.isEmpty else {
            throw .invalidParameter(name, expected: "text that is not empty")
        }
        return text
    }
}
