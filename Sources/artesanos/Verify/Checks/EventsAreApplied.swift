import Composition

extension SystemCheck {
    static let eventsAreApplied = SystemCheck(
        name: "events-applied",
        promise: "each event that a consumer acknowledged is in its inbox, or put aside",
        queries: [CheckQuery(.orders, "select * from inbox where event_id = 'KEY'")],
        look: .consumers { $0.unapplied })
}
