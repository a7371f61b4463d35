/// The keys of log metadata: one list, so that a query finds the same thing under the same name everywhere.
public enum LogKey {
    public static let service = "service"
    public static let requestID = "request_id"
    /// Under this one Hummingbird keeps the request's id; logs show it as ``requestID``.
    static let frameworkRequestID = "hb.request.id"
    public static let traceID = "trace_id"
    public static let spanID = "span_id"
    public static let parentSpanID = "parent_span_id"
    public static let span = "span"
    public static let orderID = "order_id"
    public static let sagaID = "saga_id"
    public static let eventID = "event_id"
    public static let eventType = "event_type"
    public static let consumer = "consumer"
    public static let stream = "stream"
    public static let job = "job"
    public static let method = "method"
    public static let route = "route"
    public static let status = "status"
    public static let durationMilliseconds = "duration_ms"
    /// A hash of the caller's subject: tells callers apart without naming them.
    public static let caller = "caller"
    public static let role = "role"
    /// The `code` of the problem that was answered.
    public static let problem = "problem"
    /// Names one failure, in the answer and in the log.
    public static let errorID = "error_id"
    public static let error = "error"
    public static let check = "check"
    public static let address = "address"
    public static let port = "port"
    public static let count = "count"
    public static let sku = "sku"
    /// The artisan's id, as in the catalogue that anybody may read.
    public static let artisan = "artisan"
    public static let available = "available"
    public static let threshold = "threshold"
}
