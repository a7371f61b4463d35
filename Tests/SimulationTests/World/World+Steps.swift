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
        if isLate, random.chance(25) { return try refund() }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<4: try place()
        case 4..<24:
            let services = ServiceName.allCases.filter { ledger(of: $0).count > streams[$0.rawValue].count }
            if !services.isEmpty { try relay(random.pick(services)) }
        case 24..<52:
            let ready = consumers.indices.filter(canDeliver)
            if !ready.isEmpty { try deliver(random.pick(ready)) }
        case 52..<55: try repeatMessage()
        case 55..<66: try callStripe(.random(in: 0..<max(payments.jobs.count, 1), using: &random))
        case 66..<75: try answer()
        case 75..<80: try webhook()
        case 80..<85: customer()
        case 85..<86: if let intent = pick(\.processing) { bank(intent.id) }
        case 86..<88: try refund()
        case 88..<91: try request()
        case 91..<92: try reconcile()
        case 92..<94: away()
        case 94..<96: wait()
        case 96..<97: try adjustStock()
        default: try runDue()
        }
    }

    private mutating func ending() -> Ending {
        guard !isCalm else { return .good }
        let unheard = withoutInbox ? 25 : 5
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<unheard: return .unheard
        case unheard..<unheard + scenario.frailty: return .lost
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

    /// - Returns: false when there is nothing to be paid.
    @discardableResult
    mutating func customer() -> Bool {
        guard let intent = pick(\.open) else { return false }
        if !isCalm, random.chance(3) {
            stripe.cancel(intent.id)
            tell("somebody cancels the PaymentIntent at Stripe itself")
            return true
        }
        if intent.status == .requiresAction, random.chance(70) {
            let succeeds = random.chance(70)
            stripe.completeAction(intent.id, succeeds: succeeds)
            tell("the customer \(succeeds ? "authenticates" : "fails to authenticate")")
        } else {
            let method = random.pick(StripeModel.customerMethods)
            stripe.confirm(intent.id, method: method)
            tell("the customer pays with \(method)")
        }
        return true
    }

    /// A piece breaks, or another one is made.
    private mutating func adjustStock() throws {
        let sku = random.pick(scenario.shelf).sku
        let delta = random.chance(70) ? -1 : 1
        if try inventory.adjust(sku, by: delta, at: now) { tell("an operator adjusts \(sku) by \(delta)") }
    }

    mutating func bank(_ intent: String) {
        let succeeds = random.chance(60)
        stripe.finishProcessing(intent, succeeds: succeeds)
        tell("what was processing \(succeeds ? "succeeds" : "fails")")
    }

    /// A customer cancels, also soon after the confirmation; or an operator retries.
    private mutating func request() throws {
        let orders = scenario.baskets[..<placed].map(\.id)
        guard !orders.isEmpty else { return }
        let confirmed = orders.filter { self.orders.sagas[$0]?.state?.order == .confirmed }
        let event: OrderSagaEvent = random.chance(60) ? .cancelRequested : .retryRequested
        let changesMind = event == .cancelRequested && !confirmed.isEmpty && random.chance(50)
        let order = random.pick(changesMind ? confirmed : orders)
        try request(event, of: order)
    }

    private mutating func request(_ event: OrderSagaEvent, of order: UUID) throws {
        try orders.apply([SagaInput(orderID: order, event: event, isKeptWhenRefused: false)], at: now)
        tell("\(name(order)): \(event.kind.rawValue)")
    }

    // MARK: Time

    private mutating func wait() {
        let due = appointments.filter { $0 > now }.min()
        now = random.chance(scenario.patience) ? due ?? now : now.addingTimeInterval(.random(in: 0...4, using: &random))
        tell("time passes")
    }

    private mutating func away() {
        // What these two bring late is overtaken by what matters most.
        let index = random.chance(60) ? random.pick([0, 2]) : Int.random(in: 0..<consumers.count, using: &random)
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
        // What was paid for, and is not held any more, is gone at once.
        let isPaid = orders.sagas[order]?.state?.order == .confirmed && inventory.holds[order]?.committed == nil
        if !isCalm, isPaid, random.chance(50), let sku = inventory.holds[order]?.latest?.lines.first?.sku {
            while try inventory.adjust(sku, by: -1, at: now) {}
            tell("an operator takes the rest of \(sku) off the shelf")
        }
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
            let wait = Int.random(in: 0...12, using: &random)
            consumers[index].again += batch.map { .init(index: $0, holdsOthers: holdsOthers, wait: wait) }
        }
        // Whoever pays may regret it at once.
        if !isCalm, consumer.service == .orders, let order = self.orders.confirmed.first, random.chance(scenario.regret)
        {
            try request(.cancelRequested, of: order)
        }
    }

    private mutating func takeBatch(_ index: Int) -> [Int] {
        let stream = streams[consumers[index].stream.rawValue]
        for position in consumers[index].again.indices { consumers[index].again[position].wait -= 1 }
        let due = consumers[index].again.indices.filter { isCalm || consumers[index].again[$0].wait < 0 }
        if !due.isEmpty, isCalm || random.chance(50) {
            let chosen = isCalm ? due[0] : random.pick(due)
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

    /// What payments does by itself now and then.
    mutating func reconcile() throws {
        try payments.reconcile(reading: stripe.unheard, at: now)
        stripe.unheard = []
        tell("payments looks at what is open, and reads what no webhook told")
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
        if isLostForEver { stripe.unheard.append(event) }
        if !isLostForEver, ending != .lost { payments = copy }
        // Stripe delivers again what nobody said yes to, and now and then what somebody did.
        if isLostForEver || (ending == .good && !(!isCalm && random.chance(10))) { stripe.webhooks.remove(at: index) }
        tell("webhook \(event.type)\(isLostForEver ? ", never arrived" : ending == .good ? "" : ", \(ending)")")
    }
}
