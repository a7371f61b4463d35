import Contracts
import Foundation
import Testing

@testable import Orders

/// Random sequences of events, sensible or not, over the pure function: what must hold after every one of them.
/// A failure names its seed, and the same seed replays the same sequence.
@Suite struct OrderSagaRandomTests {
    @Test func invariantsHoldOverTenThousandRandomSequences() {
        for seed in UInt64(1)...10_000 {
            var run = Run(seed: seed)
            if let violation = run.play(events: 40) {
                Issue.record("seed \(seed): \(violation)\n\(run.log.map { "\($0)" }.joined(separator: "\n"))")
                return
            }
        }
    }

    /// Whatever came before: when inventory and payments answer what they are asked, the saga settles.
    @Test func everySagaSettlesOnceItsQuestionsAreAnswered() {
        for seed in UInt64(1)...5_000 {
            var run = Run(seed: seed)
            _ = run.play(events: 15)
            if let violation = run.answerUntilSettled() {
                Issue.record("seed \(seed): \(violation)\n\(run.log.map { "\($0)" }.joined(separator: "\n"))")
                return
            }
        }
    }

    @Test func theSameSeedGivesTheSameSequence() {
        var one = Run(seed: 7)
        var other = Run(seed: 7)
        _ = one.play(events: 40)
        _ = other.play(events: 40)
        #expect(one.log == other.log)
        #expect(one.log.count == 40)
    }
}

/// SplitMix64: small, and the same on every platform.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private struct Run {
    private var random: SeededGenerator
    private(set) var state = OrderSaga.start(total: Sample.total, policy: Sample.policy).state
    private(set) var log: [OrderSagaEvent] = []
    private var refundsDecided = 0
    private var reservations: UInt8 = 1

    init(seed: UInt64) {
        random = SeededGenerator(state: seed)
    }

    /// - Returns: the first violated invariant.
    mutating func play(events: Int) -> String? {
        for _ in 0..<events {
            if let violation = apply(randomEvent()) { return violation }
        }
        return nil
    }

    /// Plays inventory and payments as they should be, until nothing is awaited.
    mutating func answerUntilSettled() -> String? {
        for _ in 0..<40 {
            guard let deadline = state.deadline else { return state.settled ? nil : "no deadline, but not settled" }
            let answers: [OrderSagaEvent] =
                switch deadline {
                case .stock, .payment, .total: [.deadlinePassed(deadline)]
                case .answer: [.paymentCancelled]
                case .rescue: [.outOfStock([])]
                case .undo:
                    [.stockReleased(reservationId: state.hold?.reservationId, reason: "cancelled")]
                        + (state.payment == .succeeded
                            ? [.paymentRefunded(refundId: UUID.v4(&random), amount: Sample.total)]
                            : [.paymentCancelled])
                }
            for answer in answers {
                if let violation = apply(answer) { return violation }
            }
            // Inventory's first answer may still be open when the rescue is asked: then its second is the rescue's.
            if deadline == .rescue, state.rescue == .asked, let violation = apply(.outOfStock([])) { return violation }
        }
        return state.settled ? nil : "not settled after 40 rounds"
    }

    private mutating func apply(_ event: OrderSagaEvent) -> String? {
        let before = state
        let decision = OrderSaga.decide(state: before, event: event, policy: Sample.policy)
        state = decision.state
        log.append(event)
        return violation(of: decision, after: before, event: event)
    }

    private mutating func violation(
        of decision: OrderSagaDecision, after before: OrderSagaState, event: OrderSagaEvent
    ) -> String? {
        if decision.verdict != .applied {
            return decision.state == before && decision.actions.isEmpty ? nil : "a refused event changed something"
        }
        if (state.deadline == nil) != state.settled { return "unsettled without a deadline, or settled with one" }
        if let deadline = state.deadline {
            let isCut = deadline == .stock || deadline == .payment
            for passed in isCut ? [deadline, .total] : [deadline] {
                let next = OrderSaga.decide(state: state, event: .deadlinePassed(passed), policy: Sample.policy)
                if next.verdict != .applied { return "waits for \(deadline), and nothing happens when it passes" }
            }
        }
        if state.step.isRunning && state.settled { return "running, but settled" }
        if state.step.isRunning != (state.order == .pending) { return "the order's status does not fit the step" }
        if state.step.isUndone && state.reason == nil { return "ended without a reason" }
        if (state.step == .completed) != (state.order == .confirmed) {
            return "CONFIRMED without COMPLETED, or reverse"
        }
        if state.step == .completed, state.stock != .committed { return "COMPLETED without stock" }
        if state.step == .completed, state.payment != .succeeded, state.payment != .refunded {
            return "COMPLETED without money"
        }
        if state.step.isUndone && state.settled && !state.isUndone { return "settled, but not undone" }
        if state.payment == .succeeded, state.step.isUndone, state.refundReason == nil, state.rescue != .asked {
            return "money without stock, refund or rescue"
        }
        return violationOfOnce(decision, before, event)
    }

    private mutating func violationOfOnce(
        _ decision: OrderSagaDecision, _ before: OrderSagaState, _ event: OrderSagaEvent
    ) -> String? {
        let asksAgain = event == .deadlinePassed(.undo) || event == .retryRequested
        for action in decision.actions {
            if case .emit(.refundDue) = action, !asksAgain { refundsDecided += 1 }
            guard case .setOrder(let status) = action, before.order != .pending else { continue }
            // Three second outcomes are foreseen: a failed order is saved, and a confirmed one loses its stock or is
            // cancelled.
            let saved = before.rescue == .asked && status == .confirmed
            let lost = before.order == .confirmed && status == .cancelled && state.reason == "stock_lost"
            let regretted = before.order == .confirmed && status == .cancelled && event == .cancelRequested
            if !saved && !lost && !regretted {
                return "a second outcome: \(before.order.rawValue), then \(status.rawValue)"
            }
        }
        if refundsDecided > 1 { return "a second refund was decided" }
        if state.extensions > Sample.policy.maxExtensions { return "too many extensions" }
        return nil
    }

    private mutating func randomEvent() -> OrderSagaEvent {
        let kind = OrderSagaEvent.Kind.allCases.randomElement(using: &random) ?? .retryRequested
        switch kind {
        case .stockReserved:
            return .stockReserved(reservationId: randomReservation(), expiresAt: Sample.expiry)
        case .holdEnded: return .stockReleased(reservationId: randomReservation(), reason: "expired")
        case .stockReleased:
            return .stockReleased(
                reservationId: Bool.random(using: &random) ? randomReservation() : nil, reason: "failed")
        case .paymentRefunded:
            return .paymentRefunded(
                refundId: UUID.v4(&random), amount: Bool.random(using: &random) ? Sample.total : Sample.total / 3)
        case .refundFailed:
            let known = state.refunds.keys.sorted().compactMap { UUID(uuidString: $0) }
            return .refundFailed(refundId: known.randomElement(using: &random) ?? UUID.v4(&random))
        default: return Sample.event(kind)
        }
    }

    /// Mostly one that was heard of.
    private mutating func randomReservation() -> UUID {
        if Int.random(in: 0..<4, using: &random) == 0 { reservations = min(reservations + 1, 200) }
        return UUID(uuid: (3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, reservations))
    }
}

extension UUID {
    fileprivate static func v4(_ random: inout SeededGenerator) -> UUID {
        let (a, b) = (random.next(), random.next())
        func byte(_ value: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> (8 * index)) }
        return UUID(
            uuid: (
                byte(a, 0), byte(a, 1), byte(a, 2), byte(a, 3), byte(a, 4), byte(a, 5), byte(a, 6), byte(a, 7),
                byte(b, 0), byte(b, 1), byte(b, 2), byte(b, 3), byte(b, 4), byte(b, 5), byte(b, 6), byte(b, 7)
            ))
    }
}
