public import ServiceContextModule

private enum TraceparentKey: ServiceContextKey {
    typealias Value = String
    static var nameOverride: String? { "traceparent" }
}

extension ServiceContext {
    /// The W3C `traceparent` of the work at hand. It is stored with each outbox row, goes with the message, and is set
    /// again around the consumer's handler, so that one trace spans the services.
    /// Source: https://www.w3.org/TR/trace-context/
    public var traceparent: String? {
        get { self[TraceparentKey.self] }
        set { self[TraceparentKey.self] = newValue }
    }
}

extension ServiceContext {
    /// Runs the body under a trace context that came from outside; nil leaves the current one.
    public static func withTraceparent<Result>(
        _ traceparent: String?, _ body: () async throws -> Result
    ) async rethrows -> Result {
        guard let traceparent else { return try await body() }
        var context = ServiceContext.current ?? .topLevel
        context.traceparent = traceparent
        return try await ServiceContext.withValue(context) { try await body() }
    }
}
