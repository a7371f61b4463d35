/// What the decisions about payments depend on, beside the payment itself.
struct PaymentPolicy: Sendable, Hashable {
    /// How often a customer may try.
    var maxTries: Int
    /// Whether a decline of the method that the order named is final, because no customer is there to try another.
    var serverDeclineIsFinal: Bool
    /// The mode that PaymentIntents must be of.
    var livemode: Bool

    init(maxTries: Int = 3, serverDeclineIsFinal: Bool = true, livemode: Bool = false) {
        self.maxTries = maxTries
        self.serverDeclineIsFinal = serverDeclineIsFinal
        self.livemode = livemode
    }
}
