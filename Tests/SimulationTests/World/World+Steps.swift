import Contracts
import Foundation
import Outbox
import StripeSandbox

@testable import Inventory
@testable import Orders
@testable import Payments

/// What can happen next.
extension World {
    /// How a step ends.
    private enum Ending {
        case good
        /// The process dies before its COMMIT.
        case lost
        /// The process dies behind its COMMIT, before anybody hears of it.
        case unheard
    }

    mutating func step() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<4: try place()
        case 4..<26: try relay(random.pick(ServiceName.allCases))
        case 26..<54: try deliver(.random(in: 0..<consumers.count, using: &random))
        case 54..<58: try repeatMessage()
        case 58..<68: try callStripe(.random(in: 0..<max(payments.jobs.count, 1), using: &random))
        case 68..<76: try answer()
        case 76..<82: try webhook()
        case 82..<87: customer()
        case 87..<88: if let intent = pick(\.processing) { bank(intent.id) }
        case 88..<89: sendBack()
        case 89..<91: try request(random.chance(50) ? .cancelRequested : .retryRequested)
        case 91..<93: payments.reconcile(at: now)
        case 93..<94: away()
        case 94..<97: wait()
        default: try runDue()
        }
    }

    private mutating func ending() -> Ending {
        guard !isCalm else { return .good }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<6: return .lost
        case 6..<11: return .unheard
        default: return .good
        }
    }

    // MARK: Customers, operators, the bank

    mutating func place() throws {
        guard placed < scenario.baskets.count else { return }
        let basket = scenario.baskets[placed]
        placed += 1
        try orders.place(basket, scenario.saga, at: now)
        tell("\(name(basket.id)) is placed: \(basket.lines.map { "\($0.quantity) \($0.sku)" })")
    }

    /// A PaymentIntent in one of these statuses.
    private mutating func pick(_ status: KeyPath<Statuses, [StripePaymentIntent.Status]>) -> StripePaymentIntent? {
        let intents = stripe.intents.filter { Statuses()[keyPath: status].contains($0.status) }
        return intents.isEmpty ? nil : random.pick(intents)
    }

    private struct Statuses {
        let processing: [StripePaymentIntent.Status] = [.processing]
        let open: [StripePaymentIntent.Status] = [.requiresPaymentMethod, .requiresConfirmation, .requiresAction]
    }

    private mutating func customer() {
        guard let intent = pick(\.open) else { return }
        if intent.status == .requiresAction, random.chance(70) {
            let succeeds = random.chance(70)
            stripe.completeAction(intent.id, succeeds: succeeds)
            tell("the customer \(succeeds ? "authenticates" : "fails to authenticate")")
        } else {
            let method = random.pick(StripeModel.customerMethods)
            stripe.confirm(intent.id, method: method)
            tell("the customer pays with \(method)")
        }
    }

    mutating func bank(_ intent: String) {
        let succeeds = random.chance(60)
        stripe.finishProcessing(intent, succeeds: succeeds)
        tell("what was processing \(succeeds ? "succeeds" : "fails")")
    }

    /// Each order's refund at most once.
    private mutating func sendBack() {
        let refunds = scenario.baskets.map { basket in
            stripe.intents(of: basket.id).flatMap { stripe.refunds(of: $0.id) }
        }
        guard
            let refund = refunds.filter({ $0.count == 1 }).compactMap(\.first).first(where: { $0.status == .succeeded })
        else { return }
        stripe.sendBack(refund.id)
        tell("the bank sends a refund back")
    }

    private mutating func request(_ event: OrderSagaEvent) throws {
        guard placed > 0 else { return }
        let order = scenario.baskets[Int.random(in: 0..<placed, using: &random)].id
        try orders.apply([SagaInput(orderID: order, event: event, isKeptWhenRefused: false)], at: now)
        tell("\(name(order)): \(event.kind.rawValue)")
    }

    // MARK: Time

    private mutating func wait() {
        let due = appointments.filter { $0 > now }.min()
        now = random.chance(40) ? due ?? now : now.addingTimeInterval(.random(in: 0...4, using: &random))
        tell("time passes")
    }

    private mutating func away() {
        let index = Int.random(in: 0..<consumers.count, using: &random)
        let seconds = random.pick([5.0, 40, 400])
        consumers[index].awayUntil = now.addingTimeInterval(seconds)
        tell("\(consumers[index].service) gets nothing of \(consumers[index].stream) for \(Int(seconds)) s")
    }

    private mutating func runDue() throws {
        let due = scenario.baskets.map(\.id).filter { orders.jobs[$0].map { $0 <= now } == true }
        let expired = inventory.jobs.indices.filter { inventory.jobs[$0].runAt <= now }
        guard !due.isEmpty || !expired.isEmpty else { return wait() }
        let choice = Int.random(in: 0..<(due.count + expired.count), using: &random)
        if choice < due.count { try deadline(of: due[choice]) } else { try expire(expired[choice - due.count]) }
    }

    mutating func deadline(of order: UUID) throws {
        var copy = orders
        let waitsFor = orders.sagas[order]?.state?.deadline
        let forged = rule == .failsBeforeThePaymentIsCancelled && waitsFor == .payment
        try copy.runDeadline(of: order, also: forged ? .paymentCancelled : nil, at: now)
        // A job's end is part of its transaction: nobody has to hear of it.
        guard ending() != .lost else { return tell("\(name(order)): its deadline's job dies") }
        orders = copy
        tell("\(name(order)): the job of deadline \(waitsFor?.rawValue ?? "none") has run")
    }

    mutating func expire(_ index: Int) throws {
        var copy = inventory
        let order = inventory.jobs[index].reservation.orderID
        try copy.runExpiry(index, at: now)
        guard ending() != .lost else { return tell("\(name(order)): its expiry job dies") }
        inventory = copy
        tell("\(name(order)): the expiry job has run")
    }

    // MARK: Events

    mutating func relay(_ service: ServiceName) throws {
        let ledger = ledger(of: service)
        let known = streams[service.rawValue].count
        guard known < ledger.count else { return }
        let count = isCalm ? ledger.count - known : Int.random(in: 1...(ledger.count - known), using: &random)
        for event in ledger[known..<known + count] {
            streams[service.rawValue].append(
                try InboundEvent(
                    json: event.json, stream: "\(service)",
                    streamSequence: UInt64(streams[service.rawValue].count + 1), deliveryCount: 1))
            tell("\(service) → \(event.type), \(UUID(uuidString: event.aggregateID).map(name) ?? "")")
        }
    }

    func canDeliver(_ index: Int) -> Bool {
        let consumer = consumers[index]
        return !consumer.again.isEmpty || consumer.next < streams[consumer.stream.rawValue].count
    }

    /// Delivers a batch: messages that come again, or new ones, but none behind one of its order that is waited for.
    mutating func deliver(_ index: Int) throws {
        guard canDeliver(index), consumers[index].awayUntil <= now else { return }
        let batch = takeBatch(index)
        guard !batch.isEmpty else { return }
        let consumer = consumers[index]
        let stream = streams[consumer.stream.rawValue]
        var inbox = consumer.inbox
        let events = batch.map { stream[$0] }.filter { event in
            let isNew = inbox.insert(event.id).inserted
            return (isNew || withoutInbox) && consumer.types.contains(event.type)
        }
        var (orders, inventory, payments) = (self.orders, self.inventory, self.payments)
        switch consumer.service {
        case .orders: try orders.take(events, at: now)
        case .inventory: try inventory.take(events, at: now)
        case .payments: for event in events { try payments.take(event, at: now) }
        }
        let ending = ending()
        tell("\(consumer.service) takes \(events.map(\.type))\(ending == .good ? "" : ", \(ending)")")
        if ending != .lost {
            (self.orders, self.inventory, self.payments) = (orders, inventory, payments)
            consumers[index].inbox = inbox
        }
        if ending != .good, rule != .acknowledgesBeforeApplying {
            let holdsOthers = random.chance(40)
            consumers[index].again += batch.map { .init(index: $0, holdsOthers: holdsOthers) }
        }
    }

    private mutating func takeBatch(_ index: Int) -> [Int] {
        let stream = streams[consumers[index].stream.rawValue]
        if !consumers[index].again.isEmpty, isCalm || random.chance(50) {
            let count = consumers[index].again.count
            let chosen = isCalm ? 0 : Int.random(in: 0..<count, using: &random)
            let aggregate = stream[consumers[index].again[chosen].index].aggregateID
            // The first of those of its order that are waited for.
            let first = consumers[index].again.indices
                .filter {
                    stream[consumers[index].again[$0].index].aggregateID == aggregate
                        && consumers[index].again[$0].holdsOthers
                }
                .min { consumers[index].again[$0].index < consumers[index].again[$1].index }
            return [consumers[index].again.remove(at: first ?? chosen).index]
        }
        var batch: [Int] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) where consumers[index].next < stream.count {
            let next = consumers[index].next
            consumers[index].next += 1
            let isBehind = consumers[index].again.contains {
                $0.holdsOthers && stream[$0.index].aggregateID == stream[next].aggregateID
            }
            if isBehind {
                consumers[index].again.append(.init(index: next, holdsOthers: true))
            } else {
                batch.append(next)
            }
        }
        return batch
    }

    /// A message comes again although it was acknowledged: the stream had lost it, and the relay copied it anew.
    private mutating func repeatMessage() throws {
        let index = Int.random(in: 0..<consumers.count, using: &random)
        guard consumers[index].next > 0 else { return }
        consumers[index].again.append(
            .init(index: .random(in: 0..<consumers[index].next, using: &random), holdsOthers: false))
    }

    // MARK: Stripe

    mutating func callStripe(_ index: Int) throws {
        guard index < payments.jobs.count, payments.jobs[index].runAt <= now else { return }
        let job = payments.jobs[index]
        guard !underway.contains(where: { $0.job.number == job.number }) else { return }
        if let next = payments.start(job, &stripe, fault()) { underway.append(next) }
        tell("payments calls Stripe for \(name(job.order)): \(job.kind)")
    }

    mutating func answer() throws {
        guard !underway.isEmpty else { return }
        let waiting = underway.remove(at: isCalm ? 0 : Int.random(in: 0..<underway.count, using: &random))
        var copy = payments
        let next = try copy.finish(waiting, &stripe, fault(), at: now)
        guard ending() != .lost else { return tell("\(name(waiting.job.order)): Stripe's answer is lost") }
        // Between two calls of one job there is no COMMIT.
        if let next { underway.append(next) } else { payments = copy }
        tell("\(name(waiting.job.order)): Stripe has answered \(waiting.stage.description)")
    }

    private mutating func fault() -> StripeModel.Fault {
        !isCalm && random.chance(20) ? random.pick(StripeModel.Fault.allCases) : .none
    }

    mutating func webhook() throws {
        guard !stripe.webhooks.isEmpty else { return }
        let index = isCalm ? 0 : Int.random(in: 0..<stripe.webhooks.count, using: &random)
        let event = stripe.webhooks[index]
        let isLostForEver = !isCalm && random.chance(10)
        var copy = payments
        try copy.take(event, at: now)
        let ending = ending()
        if !isLostForEver, ending != .lost { payments = copy }
        // Stripe delivers again what nobody said yes to, and now and then what somebody did.
        if isLostForEver || (ending == .good && !(!isCalm && random.chance(10))) { stripe.webhooks.remove(at: index) }
        tell("webhook \(event.type)\(isLostForEver ? ", never arrived" : ending == .good ? "" : ", \(ending)")")
    }
}
