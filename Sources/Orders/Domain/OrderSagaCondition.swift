import Contracts
import Foundation

/// A named question about the state and the event, for rows that hold only sometimes.
struct OrderSagaCondition: Sendable {
    /// As the documentation shows it; empty for the row that always holds.
    let name: String
    let holds: @Sendable (OrderSagaState, OrderSagaEvent, OrderSagaPolicy) -> Bool

    init(_ name: String, _ holds: @escaping @Sendable (OrderSagaState, OrderSagaEvent, OrderSagaPolicy) -> Bool) {
        self.name = name
        self.holds = holds
    }

    static func && (one: Self, other: Self) -> Self {
        Self("\(one.name), \(other.name)") { one.holds($0, $1, $2) && other.holds($0, $1, $2) }
    }

    static prefix func ! (one: Self) -> Self {
        Self("not \(one.name)") { !one.holds($0, $1, $2) }
    }
}

extension OrderSagaCondition {
    static let always = Self("") { _, _, _ in true }

    // The stock.
    static let stockUnknown = Self("stock unknown") { state, _, _ in state.stock == .unknown }
    static let stockOpen = Self("stock not undone") { state, _, _ in !state.stockIsUndone }
    static let holdGone = Self("hold gone") { state, _, _ in state.stock == .released }
    /// A later reservation than the known one.
    static let newHold = Self("new reservation") { state, event, _ in
        if case .stockReserved(let id, _) = event { state.isLater(id) } else { false }
    }
    /// The reservation that is held, for longer than known.
    static let longerHold = Self("held for longer") { state, event, _ in
        guard case .stockReserved(let id, let expiresAt) = event, let hold = state.hold else { return false }
        return state.stock == .held && hold.reservationId == id && hold.expiresAt.map { $0 < expiresAt } ?? true
    }
    /// The end of an earlier reservation than the one that is held: the news of it was overtaken by the later one's.
    static let olderHold = Self("older reservation than the held one") { state, event, _ in
        if case .stockReleased(let id?, _) = event { state.holdsLater(than: id) } else { false }
    }
    /// An earlier reservation than the one that is held, which so is not inventory's first.
    static let heldIsLater = Self("a later reservation is held") { state, event, _ in
        if case .stockReserved(let id, _) = event { state.holdsLater(than: id) } else { false }
    }

    /// An end of a hold that is not the answer to the cancellation of a sale.
    static let otherThanReturn = Self("stock committed, reason not cancelled") { state, event, _ in
        guard case .stockReleased(_, let reason) = event else { return false }
        return state.stock == .committed && reason != "cancelled"
    }

    // The money.
    static let paymentUnknown = Self("payment unknown") { state, _, _ in state.payment == .unknown }
    static let paymentOpen = Self("payment unknown or pending") { state, _, _ in
        state.payment == .unknown || state.payment == .pending
    }
    static let charged = Self("payment succeeded") { state, _, _ in state.payment == .succeeded }
    static let chargedBefore = Self("charged before") { state, _, _ in
        state.payment == .succeeded || state.payment == .refunded
    }
    static let overdue = Self("overdue") { state, _, _ in state.overdue }
    static let mayExtend = Self("overdue, stock held, extensions left") { state, _, policy in
        state.overdue && state.stock == .held && !state.totalPassed && state.extensions < policy.maxExtensions
    }

    // Late payments and refunds.
    static let rescueAsked = Self("rescue asked") { state, _, _ in state.rescue == .asked }
    /// Inventory answers in the order in which it was asked, so what comes while the first answer is open is the first.
    static let rescueAnswered = Self("rescue asked, first answer known") { state, _, _ in
        state.rescue == .asked && state.stock != .unknown
    }
    static let knownRefund = Self("known refund") { state, event, _ in
        guard case .paymentRefunded(let id, _) = event else { return false }
        return state.refunds[id.refundKey] != nil
    }
    static let lostRefund = Self("known to have failed") { state, event, _ in
        guard case .refundFailed(let id) = event else { return false }
        return state.refunds[id.refundKey] == 0
    }
    /// The money for which stock was asked once more has gone back, all of it.
    static let rescueRepaid = Self("rescue asked, in full") { state, event, _ in
        guard state.rescue == .asked, case .paymentRefunded(_, let amount) = event else { return false }
        return state.refunds.values.reduce(amount, +) >= state.total
    }

    /// Sagas of version 1 are decided as they always were: there a confirmed order stays confirmed.
    static let fromVersion2 = Self("version 2 or later") { state, _, _ in state.version >= 2 }
    static let unsettled = Self("unsettled") { state, _, _ in !state.settled }
}

extension UUID {
    /// The key of a refund in ``OrderSagaState/refunds``.
    var refundKey: String { uuidString.lowercased() }
}
