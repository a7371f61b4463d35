import Foundation
import ServiceRuntime
import Testing

@testable import Orders

/// The explanation is a pure function: of every situation, for customers and for operators.
@Suite("Explaining an order")
struct SagaExplanationTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let order = UUID(uuid: (4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))

    private static func facts(
        _ state: OrderSagaState, deadline: TimeInterval = 30, job: SagaFacts.DeadlineJob = .scheduled,
        settled: TimeInterval = -10, illegal: Int = 0
    ) -> SagaFacts {
        SagaFacts(
            orderID: order, sagaID: UUID(), state: state, deadline: state.settled ? nil : now + deadline,
            totalDeadline: now + 7_200, settledAt: state.settled ? now + settled : nil, job: job,
            illegalEvents: illegal, latest: [.init(at: now - 5, what: "Order placed")], now: now,
            cancellationWindow: .seconds(60), policy: Sample.policy)
    }

    @Test(
        "says in every situation where it is, what it waits for, until when and what then",
        arguments: OrderSagaSituation.allCases)
    func everySituation(situation: OrderSagaSituation) throws {
        let state = situation.state
        for isForOperator in [true, false] {
            let explanation = SagaExplanation(Self.facts(state), isForOperator: isForOperator)
            #expect(explanation.summary.hasSuffix("."))
            #expect((explanation.waitingFor == nil) == state.settled)
            if let waiting = explanation.waitingFor {
                #expect(!waiting.what.isEmpty && !waiting.then.isEmpty && waiting.until == Self.now + 30)
            }
            #expect((explanation.operations != nil) == isForOperator)
            let text = explanation.text(now: Self.now)
            #expect(text.contains(explanation.summary))
            #expect(text.contains(state.settled ? "Nothing is awaited any more." : "(in 30 s)"))
        }
    }

    @Test("offers what the saga would take, and nothing else", arguments: OrderSagaSituation.allCases)
    func choicesAreTrue(situation: OrderSagaSituation) throws {
        let state = situation.state
        func isTaken(_ event: OrderSagaEvent) -> Bool {
            OrderSaga.decide(state: state, event: event, policy: Sample.policy).verdict == .applied
        }
        let choices = SagaExplanation(Self.facts(state), isForOperator: true).choices
        #expect(choices.contains { $0.command?.hasPrefix("artesanos saga retry ") == true } == isTaken(.retryRequested))
        #expect(
            choices.contains { $0.command?.hasPrefix("artesanos saga cancel ") == true } == isTaken(.cancelRequested))
        #expect(choices.allSatisfy { $0.command != nil })
        let own = SagaExplanation(Self.facts(state), isForOperator: false).choices
        #expect(own.contains { $0.request.hasSuffix("/cancel") } == isTaken(.cancelRequested))
    }

    @Test("tells customers nothing of what is only for operators", arguments: OrderSagaSituation.allCases)
    func customersView(situation: OrderSagaSituation) throws {
        let facts = Self.facts(situation.state, deadline: -500, job: .dead(error: "secret"), illegal: 3)
        let explanation = SagaExplanation(facts, isForOperator: false)
        for text in [explanation.text(now: Self.now), String(decoding: try AppJSON.encode(explanation), as: UTF8.self)]
        {
            for word in ["artesanos", "select", "saga/retry", "STUCK", "secret", "sagaId", "whyStuck", "rescue"] {
                #expect(!text.contains(word), "\(situation) tells customers of \(word)")
            }
        }
    }

    @Test(
        "has a summary of its own for each turn that matters",
        arguments: [
            (OrderSagaSituation.started, "The order is placed, and its stock is asked for."),
            (.completed, "Paid and in stock: the order is confirmed."),
            (.completedRefunded, "The order is confirmed, and the whole price was given back."),
            (
                .outOfStock,
                "The order is cancelled: not in stock: vase (2 wanted, 1 there). Not confirmed yet: the payment to be cancelled."
            ),
            (
                .stockTimeout,
                "The order failed: the stock could not be checked in time. "
                    + "Not confirmed yet: the stock to be released and the payment to be cancelled."
            ),
            (
                .declined,
                "The order is cancelled: the payment was declined. Not confirmed yet: the stock to be released."
            ),
            (.failedSettled, "The order failed: it was not paid in time. Nothing is held and nothing was charged."),
            (
                .failedRescue,
                "The order failed: it was not paid in time. Money came after that; the stock is asked for once more."
            ),
            (
                .failedRefunding,
                "The order failed: it was not paid in time. Not confirmed yet: the money to be given back."
            ),
            (.cancelledSettled, "The order was cancelled on request. Nothing is held and nothing was charged."),
        ])
    func summaries(situation: OrderSagaSituation, summary: String) {
        #expect(SagaExplanation(Self.facts(situation.state), isForOperator: false).summary == summary)
    }

    @Test("a cancelled sale waits for its pieces and its money")
    func cancelledSale() {
        let state = Sample.state(after: .stockReserved, .paymentSucceeded, .cancelRequested)
        let explanation = SagaExplanation(Self.facts(state), isForOperator: true)
        #expect(
            explanation.summary
                == "The order was cancelled on request. "
                + "Not confirmed yet: the pieces to be back on the shelf and the money to be given back.")
        #expect(explanation.operations?.look.contains { $0.contains("refund_unresolved") } == true)
        let done = Sample.state(
            after: .stockReserved, .paymentSucceeded, .cancelRequested, .stockReleased, .paymentRefunded)
        #expect(
            SagaExplanation(Self.facts(done), isForOperator: false).summary
                == "The order was cancelled on request. Nothing is held any more, and the money was given back.")
    }

    @Test("the customer's cancellation of a confirmed order has its time, the operator's none")
    func window() {
        let state = Sample.state(after: .stockReserved, .paymentSucceeded)
        let open = SagaExplanation(Self.facts(state, settled: -59), isForOperator: false)
        #expect(open.choices.map(\.until) == [Self.now + 1])
        let closed = Self.facts(state, settled: -61)
        #expect(SagaExplanation(closed, isForOperator: false).choices.isEmpty)
        #expect(SagaExplanation(closed, isForOperator: true).choices.count == 1)
        var old = state
        old.version = 1
        #expect(SagaExplanation(Self.facts(old), isForOperator: true).choices.isEmpty)
    }

    @Test(
        "operators are told why nothing will happen by itself",
        arguments: [
            (30, SagaFacts.DeadlineJob.scheduled, []),
            (-59, .scheduled, []),
            (
                30, .late(Date(timeIntervalSince1970: 1_800_000_000 + 4_000)),
                ["the job that is to see to its deadline runs only"]
            ),
            (-61, .scheduled, ["its deadline passed 61 s ago"]),
            (30, .missing, ["no job is there"]),
            (30, .dead(error: "no disk"), ["is dead: no disk"]),
            (-100, .dead(error: nil), ["is dead", "its deadline passed 100 s ago"]),
        ] as [(TimeInterval, SagaFacts.DeadlineJob, [String])])
    func stuck(deadline: TimeInterval, job: SagaFacts.DeadlineJob, reasons: [String]) {
        let state = Sample.state(after: .stockReserved)
        let explanation = SagaExplanation(Self.facts(state, deadline: deadline, job: job), isForOperator: true)
        let why = explanation.operations?.whyStuck ?? ["?"]
        #expect(why.count == reasons.count)
        for (told, expected) in zip(why, reasons) { #expect(told.contains(expected)) }
        #expect(explanation.text(now: Self.now).contains("STUCK") == !reasons.isEmpty)
        let settled = Sample.state(after: .stockReserved, .paymentSucceeded)
        #expect(SagaExplanation(Self.facts(settled, job: .missing), isForOperator: true).operations?.whyStuck == [])
    }

    @Test("a deadline that the whole running phase cuts short has that one's consequence")
    func total() {
        let state = Sample.state(after: .stockReserved, .paymentPending)
        let facts = Self.facts(state, deadline: 7_200)
        #expect(
            SagaExplanation(facts, isForOperator: false).waitingFor?.then.hasPrefix("the payment is cancelled") == true)
    }
}
