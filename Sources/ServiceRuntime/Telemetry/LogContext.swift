/// What the work at hand is about. Everything that is logged under it carries these ids.
public struct LogContext: Sendable, Hashable {
    @TaskLocal public static var current: LogContext?

    public var orderID: String?
    public var sagaID: String?
    public var eventID: String?
    public var eventType: String?
    public var consumer: String?

    public init(
        orderID: String? = nil, sagaID: String? = nil, eventID: String? = nil, eventType: String? = nil,
        consumer: String? = nil
    ) {
        self.orderID = orderID
        self.sagaID = sagaID
        self.eventID = eventID
        self.eventType = eventType
        self.consumer = consumer
    }

    /// Runs the work with these ids added to those that are set already.
    public static func with<Result>(
        orderID: String? = nil, sagaID: String? = nil, eventID: String? = nil, eventType: String? = nil,
        consumer: String? = nil, _ work: () async throws -> Result
    ) async rethrows -> Result {
        var context = current ?? LogContext()
        context.orderID = orderID ?? context.orderID
        context.sagaID = sagaID ?? context.sagaID
        context.eventID = eventID ?? context.eventID
        context.eventType = eventType ?? context.eventType
        context.consumer = consumer ?? context.consumer
        return try await $current.withValue(context, operation: work)
    }
}
