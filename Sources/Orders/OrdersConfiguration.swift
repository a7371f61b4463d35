public import ServiceRuntime

/// How the order service behaves. All deadlines count from the transaction that sets them, by the database's clock.
public struct OrdersConfiguration: Sendable {
    /// How long an order waits for stock before it fails.
    public var stockDeadline: Duration
    /// How long before the end of the stock's hold the payment's deadline is.
    public var paymentMargin: Duration
    /// How much longer an overdue payment is waited for while Stripe processes it.
    public var paymentExtension: Duration
    /// How often it is waited for longer.
    public var maxExtensions: Int
    /// How long payments has to answer how an overdue payment ended; doubles with each repetition up to
    /// ``answerDeadlineCap``.
    public var answerDeadline: Duration
    public var answerDeadlineCap: Duration
    /// How long inventory has to find stock for money that came late, before it is given back.
    public var rescueDeadline: Duration
    /// How long an undo may take before it is asked for again; doubles with each repetition up to
    /// ``compensationDeadlineCap``.
    public var compensationDeadline: Duration
    public var compensationDeadlineCap: Duration
    /// How long a saga may run in all, extensions included, before its payment is called in.
    public var totalDeadline: Duration
    /// For how long after its confirmation a customer can cancel an order; zero: not at all. Operators always can.
    public var cancellationWindow: Duration
    /// The longest `?wait` that is taken.
    public var maxWait: Duration
    /// How often a waiting request looks for what another replica has done.
    public var waitPoll: Duration
    /// How often an idle event stream sends a comment, so that proxies keep it open.
    public var heartbeat: Duration
    /// How many deadlines are worked off side by side.
    public var deadlineWorkers: Int
    /// How often sagas are looked for that nothing would wake.
    public var sweepInterval: Duration

    public init(
        stockDeadline: Duration = .seconds(30), paymentMargin: Duration = .seconds(60),
        paymentExtension: Duration = .seconds(300), maxExtensions: Int = 3,
        answerDeadline: Duration = .seconds(15), answerDeadlineCap: Duration = .seconds(300),
        rescueDeadline: Duration = .seconds(60), compensationDeadline: Duration = .seconds(300),
        compensationDeadlineCap: Duration = .seconds(3_600), totalDeadline: Duration = .seconds(7_200),
        cancellationWindow: Duration = .seconds(1_800),
        maxWait: Duration = .seconds(30), waitPoll: Duration = .seconds(1), heartbeat: Duration = .seconds(15),
        deadlineWorkers: Int = 2, sweepInterval: Duration = .seconds(60)
    ) {
        self.stockDeadline = stockDeadline
        self.paymentMargin = paymentMargin
        self.paymentExtension = paymentExtension
        self.maxExtensions = maxExtensions
        self.answerDeadline = answerDeadline
        self.answerDeadlineCap = answerDeadlineCap
        self.rescueDeadline = rescueDeadline
        self.compensationDeadline = compensationDeadline
        self.compensationDeadlineCap = compensationDeadlineCap
        self.totalDeadline = totalDeadline
        self.cancellationWindow = cancellationWindow
        self.maxWait = maxWait
        self.waitPoll = waitPoll
        self.heartbeat = heartbeat
        self.deadlineWorkers = deadlineWorkers
        self.sweepInterval = sweepInterval
    }

    /// The saga's times as they are configured, the rest by default.
    public init(_ saga: SagaConfiguration) {
        self.init(
            stockDeadline: saga.stockDeadline, paymentMargin: saga.paymentMargin,
            paymentExtension: saga.paymentExtension, maxExtensions: saga.maxExtensions,
            answerDeadline: saga.answerDeadline, answerDeadlineCap: saga.answerDeadlineCap,
            rescueDeadline: saga.rescueDeadline, compensationDeadline: saga.compensationDeadline,
            compensationDeadlineCap: saga.compensationDeadlineCap, totalDeadline: saga.totalDeadline,
            cancellationWindow: saga.cancellationWindow)
    }

    /// When a new order's saga is looked at first: its running phase may be shorter than the wait for stock.
    var firstDeadline: Duration { min(stockDeadline, totalDeadline) }

    /// What the pure saga needs of it.
    public var policy: OrderSagaPolicy {
        OrderSagaPolicy(
            stock: stockDeadline, paymentMargin: paymentMargin, paymentExtension: paymentExtension,
            maxExtensions: maxExtensions,
            answer: .init(base: answerDeadline, cap: max(answerDeadline, answerDeadlineCap)),
            rescue: rescueDeadline,
            compensation: .init(base: compensationDeadline, cap: max(compensationDeadline, compensationDeadlineCap)))
    }
}
