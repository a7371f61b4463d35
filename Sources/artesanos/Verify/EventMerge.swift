import Foundation

/// One row of a ledger.
struct LedgerEntry: Sendable, Equatable {
    let id: UUID
    let position: Int64
    let subject: String
}

/// Walks a ledger and an inbox side by side, both sorted by event id and fed page by page, so that neither has to fit
/// into memory.
struct EventMerge {
    enum Step: Equatable {
        /// Feed the next page of the ledger.
        case needsLedger
        /// Feed the next page of the inbox.
        case needsInbox
        case onlyInLedger(LedgerEntry)
        case onlyInInbox(UUID)
        case end
    }

    private var ledger: ArraySlice<LedgerEntry> = []
    private var inbox: ArraySlice<UUID> = []
    private var ledgerEnded = false
    private var inboxEnded = false
    /// An event that was replayed is in the ledger several times.
    private var lastInBoth: UUID?

    /// - Parameter page: empty when there is no more.
    mutating func feed(ledger page: [LedgerEntry]) {
        ledger = page[...]
        ledgerEnded = page.isEmpty
    }

    /// - Parameter page: empty when there is no more.
    mutating func feed(inbox page: [UUID]) {
        inbox = page[...]
        inboxEnded = page.isEmpty
    }

    /// The next difference, or what is needed to find it.
    mutating func next() -> Step {
        while true {
            if ledger.isEmpty, !ledgerEnded { return .needsLedger }
            if inbox.isEmpty, !inboxEnded { return .needsInbox }
            guard let entry = ledger.first else {
                return inbox.popFirst().map(Step.onlyInInbox) ?? .end
            }
            if entry.id == lastInBoth {
                ledger.removeFirst()
                continue
            }
            guard let id = inbox.first, id <= entry.id else {
                ledger.removeFirst()
                return .onlyInLedger(entry)
            }
            inbox.removeFirst()
            guard id == entry.id else { return .onlyInInbox(id) }
            lastInBoth = id
        }
    }
}
