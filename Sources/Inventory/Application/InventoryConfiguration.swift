/// How the inventory service behaves. All times are by the database's clock.
public struct InventoryConfiguration: Sendable, Hashable {
    /// How long stock is held for an order, unless the product says otherwise. 15 minutes unless told otherwise.
    public var reservationTTL: Duration
    /// From a hold's beginning to its end, with all extensions. 60 minutes unless told otherwise; at least the TTL.
    public var maxHold: Duration
    /// How often the sweep looks for holds that nothing was going to end. 5 minutes unless told otherwise.
    public var sweepInterval: Duration
    /// How often counters, reservations and ledger are compared. 15 minutes unless told otherwise.
    public var driftCheckInterval: Duration
    /// How often the gauge `reservations_active` is brought up to date. 15 seconds unless told otherwise.
    public var gaugeInterval: Duration
    /// The most events that one transaction applies. 100 unless told otherwise.
    public var consumerBatchSize: Int
    /// The most holds that one transaction expires. 500 unless told otherwise.
    public var expiryBatchSize: Int
    /// Where the artisans' notifications are posted; nil: nowhere, they are only logged.
    public var notifications: NotificationConfiguration?

    public init(
        reservationTTL: Duration = .seconds(15 * 60), maxHold: Duration = .seconds(60 * 60),
        sweepInterval: Duration = .seconds(5 * 60), driftCheckInterval: Duration = .seconds(15 * 60),
        gaugeInterval: Duration = .seconds(15), consumerBatchSize: Int = 100, expiryBatchSize: Int = 500,
        notifications: NotificationConfiguration? = nil
    ) {
        self.reservationTTL = reservationTTL
        self.maxHold = maxHold
        self.sweepInterval = sweepInterval
        self.driftCheckInterval = driftCheckInterval
        self.gaugeInterval = gaugeInterval
        self.consumerBatchSize = consumerBatchSize
        self.expiryBatchSize = expiryBatchSize
        self.notifications = notifications
    }

    /// What is wrong with the values, each with the name of the property; empty when all is well. For the start-up
    /// check.
    public var problems: [String] {
        var problems: [String] = []
        if reservationTTL <= .zero { problems.append("reservationTTL is \(reservationTTL): it has to be above zero") }
        if maxHold < reservationTTL {
            problems.append("maxHold is \(maxHold): it has to be at least reservationTTL, \(reservationTTL)")
        }
        let intervals = [
            ("sweepInterval", sweepInterval), ("driftCheckInterval", driftCheckInterval),
            ("gaugeInterval", gaugeInterval),
        ]
        for (name, interval) in intervals where interval < .milliseconds(100) {
            problems.append("\(name) is \(interval): it has to be at least 0.1 seconds")
        }
        for (name, size) in [("consumerBatchSize", consumerBatchSize), ("expiryBatchSize", expiryBatchSize)]
        where !(1...1000).contains(size) {
            problems.append("\(name) is \(size): it has to be from 1 to 1000")
        }
        return problems
    }

    var holdPolicy: HoldPolicy { HoldPolicy(ttl: reservationTTL, maxHold: maxHold) }
}
