import Contracts
import Foundation
import Testing

@testable import Orders

/// Every event in every situation, each with its expected outcome. A row says where the saga goes (`=` when the step
/// stays) and what is done, or how the event is refused.
@Suite struct OrderSagaTableTests {
    @Test(arguments: OrderSagaSituation.allCases)
    func everyEventHasItsExpectedOutcome(in situation: OrderSagaSituation) throws {
        let expected = try Self.parse(situation.expectations)
        #expect(Set(expected.keys) == Set(OrderSagaEvent.Kind.allCases), "each event has exactly one row")
        let state = situation.state
        for kind in OrderSagaEvent.Kind.allCases {
            let decision = OrderSaga.decide(state: state, event: Sample.event(kind), policy: Sample.policy)
            #expect(Self.summary(decision, from: state) == expected[kind], "\(situation), \(kind.rawValue)")
            if decision.verdict != .applied {
                #expect(decision.state == state && decision.actions.isEmpty, "\(situation), \(kind.rawValue)")
            }
        }
    }

    @Test func everySituationIsInTheStepThatItsNameSays() {
        for situation in OrderSagaSituation.allCases {
            #expect(situation.state.step == situation.step, "\(situation)")
            #expect(situation.state.settled == (situation.state.deadline == nil), "\(situation)")
        }
        #expect(Set(OrderSagaSituation.allCases.map(\.step)) == Set(OrderSagaStep.allCases))
    }

    @Test func everyPairOfStepAndEventEndsInARowWithoutCondition() {
        for step in OrderSagaStep.allCases {
            for kind in OrderSagaEvent.Kind.allCases {
                let rows = OrderSaga.rules.filter { $0.from.contains(step) && $0.on.contains(kind) }
                #expect(rows.last?.when.name == "", "\(step.rawValue), \(kind.rawValue)")
                #expect(rows.dropLast().allSatisfy { $0.when.name != "" }, "\(step.rawValue), \(kind.rawValue)")
            }
        }
    }

    private static func parse(_ table: String) throws -> [OrderSagaEvent.Kind: String] {
        var rows: [OrderSagaEvent.Kind: String] = [:]
        for line in table.split(separator: "\n") {
            let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let kind = try #require(OrderSagaEvent.Kind(rawValue: parts[0]), "\(parts[0])")
            #expect(rows[kind] == nil, "\(parts[0]) twice")
            rows[kind] = parts[1]
        }
        return rows
    }

    private static func summary(_ decision: OrderSagaDecision, from state: OrderSagaState) -> String {
        guard decision.verdict == .applied else { return decision.verdict.name }
        let step = decision.state.step == state.step ? "=" : decision.state.step.rawValue
        let actions = decision.actions.map(\.description).joined(separator: ", ")
        return actions.isEmpty ? "\(step) noted" : "\(step) \(actions)"
    }
}
