/// How the payment service behaves.
public struct PaymentsConfiguration: Sendable {
    /// How Stripe is reached.
    public var stripe: StripeClientConfiguration
    /// Any of them may have signed a webhook: give the old and the new one while a secret is rolled.
    public var webhookSecrets: [String]
    /// Whether events and PaymentIntents of live mode are expected; those of the other mode are refused.
    public var livemode: Bool
    /// How often a customer may try to pay before the payment fails for good.
    public var maxTries: Int
    /// Whether a decline of the payment method that the order named is final: no customer is there to try another.
    public var serverDeclineIsFinal: Bool
    /// How many PaymentIntents one process makes at once. Each holds a connection to the database while Stripe answers,
    /// so the pool has to be larger by what requests and consumers need.
    public var createConcurrency: Int
    /// How many PaymentIntents one process cancels at once.
    public var cancelConcurrency: Int
    /// How a call of which it is not known whether it took place is made again, with the same key: for ever, with this
    /// pause after the first, doubling up to the cap.
    public var callRetryBase: Duration
    public var callRetryCap: Duration
    /// How often Stripe's events are listed, and open payments are looked at.
    public var reconcileInterval: Duration
    /// How long a payment may be open before Stripe is asked about it, and between two such looks.
    public var reconcileAfter: Duration
    /// Events of the last so many seconds are listed again each time: one may become visible after a later one.
    public var eventOverlap: Duration
    /// How far back the first listing goes.
    public var eventLookback: Duration
    /// How old an event is at least that reconciliation finds and counts as a gap: a webhook may be on its way.
    public var gapAge: Duration
    /// How long Stripe's events are kept; longer than the 30 days for which Stripe lists them.
    public var eventRetention: Duration
    /// How old or how new a webhook's signature may be, in seconds.
    public var signatureTolerance: Int64
    /// The largest webhook that is taken, in bytes.
    public var webhookLimit: Int

    public init(
        stripe: StripeClientConfiguration,
        webhookSecrets: [String],
        livemode: Bool = false,
        maxTries: Int = 3,
        serverDeclineIsFinal: Bool = true,
        createConcurrency: Int = 6,
        cancelConcurrency: Int = 2,
        callRetryBase: Duration = .milliseconds(500),
        callRetryCap: Duration = .seconds(30),
        reconcileInterval: Duration = .seconds(30),
        reconcileAfter: Duration = .seconds(60),
        eventOverlap: Duration = .seconds(10),
        eventLookback: Duration = .seconds(3600),
        gapAge: Duration = .seconds(60),
        eventRetention: Duration = .seconds(35 * 86_400),
        signatureTolerance: Int64 = 300,
        webhookLimit: Int = 256 * 1024
    ) {
        self.stripe = stripe
        self.webhookSecrets = webhookSecrets
        self.livemode = livemode
        self.maxTries = maxTries
        self.serverDeclineIsFinal = serverDeclineIsFinal
        self.createConcurrency = createConcurrency
        self.cancelConcurrency = cancelConcurrency
        self.callRetryBase = callRetryBase
        self.callRetryCap = callRetryCap
        self.reconcileInterval = reconcileInterval
        self.reconcileAfter = reconcileAfter
        self.eventOverlap = eventOverlap
        self.eventLookback = eventLookback
        self.gapAge = gapAge
        self.eventRetention = eventRetention
        self.signatureTolerance = signatureTolerance
        self.webhookLimit = webhookLimit
    }

    var policy: PaymentPolicy {
        PaymentPolicy(maxTries: maxTries, serverDeclineIsFinal: serverDeclineIsFinal, livemode: livemode)
    }
}

extension PaymentsConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without keys and secrets.
    public var description: String { "payments through \(stripe)" }
    public var debugDescription: String { description }
}
