/// Where the artisans' notifications are posted.
public struct NotificationConfiguration: Sendable, Hashable {
    /// Gets a `POST` for each notification.
    public var url: String
    /// Each signs, so that they can be rolled; at least one.
    public var secrets: [String]
    /// How long one post may take.
    public var timeout: Duration
    /// Tries before a notification is left as a dead job.
    public var maxAttempts: Int
    /// The pause after the first failure; it doubles with each further one, up to ``retryCap``.
    public var retryBase: Duration
    public var retryCap: Duration

    public init(
        url: String, secrets: [String], timeout: Duration = .seconds(10), maxAttempts: Int = 12,
        retryBase: Duration = .seconds(1), retryCap: Duration = .seconds(3_600)
    ) {
        self.url = url
        self.secrets = secrets
        self.timeout = timeout
        self.maxAttempts = maxAttempts
        self.retryBase = retryBase
        self.retryCap = retryCap
    }
}
