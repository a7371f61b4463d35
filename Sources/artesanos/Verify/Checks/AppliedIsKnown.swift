import Composition

extension SystemCheck {
    static let appliedIsKnown = SystemCheck(
        name: "applied-known",
        promise: "each event that a consumer applied is in the ledger that it came from",
        queries: [CheckQuery(.orders, "select * from inbox where event_id = 'KEY'")],
        look: .consumers { $0.unknown })
}
