/// How to connect to NATS. Every value has a default but the servers.
public struct NATSConfiguration: Sendable {
    /// URLs such as `nats://host:4222`, `tls://host:4222` or `nats://user:password@host:4222` (or `token@host`). They
    /// are tried in random order. Servers that a cluster advertises are not used: name each, or one DNS name for all.
    public var servers: [String]
    /// The client's name, shown in the server's monitoring.
    public var name: String
    /// A `.creds` file (user JWT and seed), read at each connect.
    public var credentialsFile: String?
    /// A file with a user's NKey seed (`SU…`), read at each connect. See ``nkeyPublicKey``.
    public var nkeySeedFile: String?
    /// The public key (`U…`) of ``nkeySeedFile``; nil: it stands in the same file, on a line of its own, as
    /// `nk -gen user -pubout` writes it.
    public var nkeyPublicKey: String?
    /// TLS settings; nil: plain, unless the URL says `tls://` or the server asks for TLS.
    public var tls: NATSTLS?

    /// How long one server may take to accept a connection. Default 2 s.
    public var connectTimeout: Duration
    /// True: ``NATSConnection/connect(_:logger:)`` returns at once and goes on trying in the background if no server
    /// answers; false (default): the first failure is thrown.
    public var retryInitialConnect: Bool
    /// The pause before the second attempt to reconnect; it doubles with each attempt. Default 100 ms. The first
    /// attempt is made at once, and there is no last one.
    public var reconnectWait: Duration
    /// The longest pause between two attempts. Default 5 s. Each pause is between half and all of its value, by chance.
    public var reconnectMaxWait: Duration
    /// How often the server is pinged. Default 10 s.
    public var pingInterval: Duration
    /// After so many pings without an answer the connection counts as lost. Default 2.
    public var maxPingsOut: Int
    /// How long the socket may refuse to take data before the connection counts as lost. Default 5 s.
    public var writeTimeout: Duration
    /// How much may wait to be written before publishing is refused with `outgoingFull`. Default 64 MiB.
    public var maxOutgoingBytes: Int
    /// How many messages a ``NATSSubscription`` holds for its reader before new ones are dropped. Default 8,192.
    public var subscriptionBuffer: Int
    /// The first token of inbox subjects; a user's permissions may ask for another one. Default `_INBOX`.
    public var inboxPrefix: String
    /// Writes windows of messages (``JetStreamContext/publishPipelined(_:timeout:)``, chains, atomic batches) to the
    /// socket itself, past libnats: a fraction of the CPU time, for who publishes tens of thousands a second. All else,
    /// and everything when the connection is encrypted, goes through libnats all the same. Default false.
    public var writesDirectly: Bool

    public init(
        servers: [String],
        name: String = "artesanos",
        credentialsFile: String? = nil,
        nkeySeedFile: String? = nil,
        nkeyPublicKey: String? = nil,
        tls: NATSTLS? = nil,
        connectTimeout: Duration = .seconds(2),
        retryInitialConnect: Bool = false,
        reconnectWait: Duration = .milliseconds(100),
        reconnectMaxWait: Duration = .seconds(5),
        pingInterval: Duration = .seconds(10),
        maxPingsOut: Int = 2,
        writeTimeout: Duration = .seconds(5),
        maxOutgoingBytes: Int = 64 << 20,
        subscriptionBuffer: Int = 8_192,
        inboxPrefix: String = "_INBOX",
        writesDirectly: Bool = false
    ) {
        self.servers = servers
        self.name = name
        self.credentialsFile = credentialsFile
        self.nkeySeedFile = nkeySeedFile
        self.nkeyPublicKey = nkeyPublicKey
        self.tls = tls
        self.connectTimeout = connectTimeout
        self.retryInitialConnect = retryInitialConnect
        self.reconnectWait = reconnectWait
        self.reconnectMaxWait = reconnectMaxWait
        self.pingInterval = pingInterval
        self.maxPingsOut = maxPingsOut
        self.writeTimeout = writeTimeout
        self.maxOutgoingBytes = maxOutgoingBytes
        self.subscriptionBuffer = subscriptionBuffer
        self.inboxPrefix = inboxPrefix
        self.writesDirectly = writesDirectly
    }

    /// The servers as one text without user, password or token: for logs and errors.
    public var redactedServers: String {
        servers.map(Self.redact).joined(separator: ", ")
    }

    /// A URL without what stands before the `@`.
    static func redact(_ url: String) -> String {
        guard let at = url.lastIndex(of: "@") else { return url }
        let host = url[url.index(after: at)...]
        guard let scheme = url.firstRange(of: "://"), scheme.upperBound <= at else { return String(host) }
        return "\(url[..<scheme.upperBound])\(host)"
    }

    /// The pause before reconnect attempt number `attempt` (the first is 0, without a pause); `random` is in 0…1.
    func reconnectDelay(attempt: Int, random: Double) -> Duration {
        guard attempt > 0 else { return .zero }
        let doubled = reconnectWait * Int(1 << min(attempt - 1, 20))
        return min(doubled, reconnectMaxWait) * (0.5 + random / 2)
    }
}
