import Foundation
import Outbox
import StripeSandbox

@testable import Inventory
@testable import Orders
@testable import Payments

/// The whole marketplace in one value: three services' databases, their streams, Stripe, a clock, and one source of
/// chance that decides what happens next. A step works on a copy of a database: a crash before the COMMIT drops the copy,
/// one after it keeps the copy and forgets the acknowledgement. The same seed gives the same steps, because chance picks by
/// position and never by what differs from run to run.
struct World: Sendable {
    let seed: UInt64
    let scenario: Scenario
    let rule: BrokenRule?
    /// Whether the services' inboxes are empty each time.
    let withoutInbox: Bool
    var random: SeededGenerator
    var now = Date(timeIntervalSince1970: 1_800_000_000)
    var orders: OrdersNode
    var inventory: InventoryNode
    var payments = PaymentsNode()
    var stripe: StripeModel
    /// By ``ServiceName``.
    var streams: [[InboundEvent]] = ServiceName.allCases.map { _ in [] }
    var consumers = StreamConsumer.all
    var underway: [PaymentsNode.Underway] = []
    /// How many of the baskets have been ordered.
    var placed = 0
    /// Whether nothing goes wrong any more.
    var isCalm = false
    /// Whether all orders have ended once; operators and banks are not done with them.
    var isLate = false
    /// Nil when nobody reads it.
    let log: StepLog?

    init(seed: UInt64, breaking rule: BrokenRule? = nil, withoutInbox: Bool = false, log: StepLog? = nil) {
        self.seed = seed
        self.rule = rule
        self.withoutInbox = withoutInbox
        self.log = log
        random = SeededGenerator(seed: seed)
        scenario = Scenario(&random)
        orders = OrdersNode(policy: scenario.saga.policy)
        inventory = InventoryNode(policy: scenario.hold, shelf: scenario.shelf)
        stripe = StripeModel(seed: seed)
        orders.forgetsDeadlines = rule == .forgetsDeadlines
        stripe.forgetsKeys = rule == .callsStripeUnderNewKeys
        payments.hidesFailedRefunds = rule == .hidesFailedRefunds
        inventory.forgetsReleases = rule == .forgetsReleases
        inventory.forgetsCancellations = rule == .forgetsCancellations
    }

    /// Plays a wild part, then a calm one in which all that is open comes to its end; and once more for what was charged:
    /// refunds are made and fail long after their orders have ended.
    /// - Returns: the first violation; nil when every promise was kept.
    mutating func play(steps: Int = 150, later: Int = 60) -> String? {
        do {
            if let violation = try play(steps) { return violation }
            guard scenario.baskets.contains(where: { stripe.charge(of: $0.id) > 0 }) else { return nil }
            isLate = true
            return try play(later)
        } catch {
            return "\(error)"
        }
    }

    private mutating func play(_ steps: Int) throws -> String? {
        isCalm = false
        for _ in 0..<steps {
            try step()
            if let violation { return violation }
        }
        return try calmDown() ?? finalViolation
    }

    func tell(_ text: @autoclosure () -> String) {
        if let log { log.append("+\(Int(now.timeIntervalSince1970 - 1_800_000_000)) s \(text())") }
    }

    /// The order's number, for the log.
    func name(_ order: UUID) -> String {
        "order \(scenario.baskets.firstIndex { $0.id == order }.map { "\($0 + 1)" } ?? "?")"
    }

    /// Nothing goes wrong any more, and time passes from one appointment to the next, until nothing is left to do.
    private mutating func calmDown() throws -> String? {
        isCalm = true
        tell("— from here on nothing goes wrong")
        for index in consumers.indices { consumers[index].awayUntil = .distantPast }
        while placed < scenario.baskets.count { try place() }
        var isReconciled = false
        for _ in 0..<3_000 {
            if try workOff() {
                if let violation { return violation }
                continue
            }
            if !isReconciled {
                try reconcile()
                isReconciled = true
                continue
            }
            isReconciled = false
            // Some pay only now.
            if random.chance(50), customer() { continue }
            let isOpen = orders.sagas.values.contains { $0.state?.settled == false } || !payments.jobs.isEmpty
            guard isOpen else { return nil }
            guard let next = appointments.min() else { return "an unsettled saga, and nothing to wake it" }
            now = max(now, next)
        }
        let open = scenario.baskets.filter { orders.sagas[$0.id]?.state?.settled == false }.map { name($0.id) }
        return "not settled, however long one waits: \(open.joined(separator: ", "))"
    }

    /// One thing that can be done now.
    /// - Returns: false when there is none.
    private mutating func workOff() throws -> Bool {
        for service in ServiceName.allCases where ledger(of: service).count > streams[service.rawValue].count {
            try relay(service)
            return true
        }
        for index in consumers.indices where canDeliver(index) {
            try deliver(index)
            return true
        }
        if !stripe.webhooks.isEmpty {
            try webhook()
            return true
        }
        if !underway.isEmpty {
            try answer()
            return true
        }
        if let job = payments.jobs.firstIndex(where: { $0.runAt <= now }) {
            try callStripe(job)
            return true
        }
        if let job = inventory.jobs.firstIndex(where: { $0.runAt <= now }) {
            try expire(job)
            return true
        }
        for basket in scenario.baskets where orders.jobs[basket.id].map({ $0 <= now }) == true {
            try deadline(of: basket.id)
            return true
        }
        if let intent = stripe.intents.first(where: { $0.status == .processing }) {
            bank(intent.id)
            return true
        }
        if let refund = stripe.refunds.first(where: { $0.status == .pending }) {
            finish(refund)
            return true
        }
        return false
    }

    /// When something is to be done by itself.
    var appointments: [Date] {
        orders.jobs.values + inventory.jobs.map(\.runAt) + payments.jobs.map(\.runAt)
    }

    func ledger(of service: ServiceName) -> [OutboxEvent] {
        switch service {
        case .orders: orders.ledger
        case .inventory: inventory.ledger
        case .payments: payments.ledger
        }
    }
}

/// Rules that are broken on purpose, so that it is seen that the simulation finds it.
enum BrokenRule: String, Sendable, CaseIterable {
    /// An order fails at its payment's deadline, whatever becomes of its PaymentIntent.
    case failsBeforeThePaymentIsCancelled
    /// A repeated call to Stripe gets a new Idempotency-Key.
    case callsStripeUnderNewKeys
    /// The deadline's job is not scheduled along with the deadline.
    case forgetsDeadlines
    /// A message that was fetched by a process that died never comes again.
    case acknowledgesBeforeApplying
    /// Nobody is told that a refund which had succeeded has failed.
    case hidesFailedRefunds
    /// An order that comes after its end is reserved.
    case forgetsReleases
    /// A confirmation that comes after its order's cancellation sells.
    case forgetsCancellations
}
