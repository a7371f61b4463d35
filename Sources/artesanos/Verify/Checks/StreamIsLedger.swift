import Composition

extension SystemCheck {
    static let streamIsLedger = SystemCheck(
        name: "stream-is-ledger",
        promise: "each relayed event is in its stream, in the ledger's order, and nothing else is",
        queries: [CheckQuery(.orders, "select * from outbox_cursor")], look: .streams)
}
