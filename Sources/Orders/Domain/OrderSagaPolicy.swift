/// How long the saga waits for what. The pure function only hands these out again as actions; the time itself is the
/// database's.
public struct OrderSagaPolicy: Sendable, Hashable {
    /// A delay that doubles with each attempt, up to a bound.
    public struct Backoff: Sendable, Hashable {
        /// The delay before the first repetition.
        public var base: Duration
        /// The longest delay.
        public var cap: Duration

        public init(base: Duration, cap: Duration) {
            self.base = base
            self.cap = cap
        }

        /// The delay after so many repetitions (0 for the first wait).
        public func delay(_ attempts: Int) -> Duration {
            min(base * (1 << min(max(attempts, 0), 20)), cap)
        }
    }

    /// For inventory's first answer.
    public var stock: Duration
    /// The payment's deadline is the end of the stock's hold less this.
    public var paymentMargin: Duration
    /// How much longer the saga waits, once overdue, when Stripe still processes the payment.
    public var paymentExtension: Duration
    /// How often it waits longer.
    public var maxExtensions: Int
    /// For payments' answer to `order.payment-overdue.v1`, which is asked again after each.
    public var answer: Backoff
    /// For inventory's answer to `order.late-payment.v1`; then the money is given back.
    public var rescue: Duration
    /// For the confirmations of the undo, which is asked for again after each.
    public var compensation: Backoff

    public init(
        stock: Duration = .seconds(30), paymentMargin: Duration = .seconds(60),
        paymentExtension: Duration = .seconds(300), maxExtensions: Int = 3,
        answer: Backoff = Backoff(base: .seconds(15), cap: .seconds(300)), rescue: Duration = .seconds(60),
        compensation: Backoff = Backoff(base: .seconds(30), cap: .seconds(900))
    ) {
        self.stock = stock
        self.paymentMargin = paymentMargin
        self.paymentExtension = paymentExtension
        self.maxExtensions = maxExtensions
        self.answer = answer
        self.rescue = rescue
        self.compensation = compensation
    }
}
