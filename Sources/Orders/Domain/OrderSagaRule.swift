/// One row of the saga's table: in these steps, on these events, if the condition holds, this happens. Of the rows for a
/// step and an event the first whose condition holds counts.
struct OrderSagaRule: Sendable {
    /// What a row leads to.
    enum Outcome: Sendable {
        /// `to` nil: the step stays.
        case apply(OrderSagaEffect, to: OrderSagaStep?)
        case ignore(String)
        case illegal(String)
    }

    let from: [OrderSagaStep]
    let on: [OrderSagaEvent.Kind]
    let when: OrderSagaCondition
    let outcome: Outcome

    /// A row that changes something.
    static func on(
        _ events: OrderSagaEvent.Kind..., in steps: [OrderSagaStep], if condition: OrderSagaCondition = .always,
        to step: OrderSagaStep? = nil, _ effect: OrderSagaEffect
    ) -> Self {
        Self(from: steps, on: events, when: condition, outcome: .apply(effect, to: step))
    }

    /// A row for a duplicate, or for what was overtaken.
    static func ignore(
        _ events: OrderSagaEvent.Kind..., in steps: [OrderSagaStep], if condition: OrderSagaCondition = .always,
        _ reason: String
    ) -> Self {
        Self(from: steps, on: events, when: condition, outcome: .ignore(reason))
    }

    /// A row for what cannot be if every service keeps its word.
    static func illegal(
        _ events: OrderSagaEvent.Kind..., in steps: [OrderSagaStep], if condition: OrderSagaCondition = .always,
        _ reason: String
    ) -> Self {
        Self(from: steps, on: events, when: condition, outcome: .illegal(reason))
    }
}
