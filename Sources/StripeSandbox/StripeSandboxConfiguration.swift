public import Foundation

/// How the stand-in for Stripe is set up.
public struct StripeSandboxConfiguration: Sendable {
    /// The address to listen on.
    public var host: String
    /// 0 takes a free port; ``StripeSandboxServer/port()`` tells which.
    public var port: Int
    /// The secret keys that are let in.
    public var secretKeys: [String]
    /// Keys that a browser would use: they may only read and confirm a PaymentIntent whose client secret they give.
    public var publishableKeys: [String]
    /// The version that answers and events carry when the request pins none.
    public var apiVersion: String
    /// Where events are delivered; can be changed while running.
    public var webhooks: [WebhookEndpoint]
    /// How deliveries that got no 2xx are repeated.
    public var webhookRetry: WebhookRetry
    /// After how long what ends by itself ends: processing payments, pending refunds.
    public var settleDelay: Duration
    /// The same seed gives the same ids and the same faults for the same requests; nil takes a random one. A seed must
    /// not be used again on data that an earlier run with it has left behind: its ids would come again.
    public var seed: UInt64?
    /// A file in which all objects are kept, so that they outlive the process as Stripe's would; nil keeps them in
    /// memory only.
    public var journal: URL?
    /// The faults to begin with.
    public var faults: [SandboxFault]

    public init(
        host: String = "127.0.0.1",
        port: Int = 0,
        secretKeys: [String] = ["sk_test_sandbox"],
        publishableKeys: [String] = ["pk_test_sandbox"],
        apiVersion: String = "2026-10-28.endive",
        webhooks: [WebhookEndpoint] = [],
        webhookRetry: WebhookRetry = WebhookRetry(),
        settleDelay: Duration = .milliseconds(500),
        seed: UInt64? = nil,
        journal: URL? = nil,
        faults: [SandboxFault] = []
    ) {
        self.host = host
        self.port = port
        self.secretKeys = secretKeys
        self.publishableKeys = publishableKeys
        self.apiVersion = apiVersion
        self.webhooks = webhooks
        self.webhookRetry = webhookRetry
        self.settleDelay = settleDelay
        self.seed = seed
        self.journal = journal
        self.faults = faults
    }
}
