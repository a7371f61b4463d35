import Foundation
import Testing

@testable import artesanos

/// What the checks decide, without servers.
@Suite struct VerifyRuleTests {
    private static let lines: [String: Int64] = ["A": 2, "B": 1]

    private static func account(
        _ status: String, id: UUID = UUID(), settled: Bool = true, payment: OrderAccount.Payment?,
        reservations: [String] = []
    ) -> OrderAccount {
        OrderAccount(
            id: id,
            order: OrderAccount.Order(
                status: status, totalMinor: 2500, currency: "EUR", isSettled: settled, lines: lines),
            payment: payment,
            reservations: reservations.map { OrderAccount.Reservation(id: UUID(), status: $0, lines: lines) })
    }

    private static func payment(
        _ status: String, received: Int64 = 0, refunded: Int64 = 0, orderRefunds: Int64 = 0, intents: Int64 = 1
    ) -> OrderAccount.Payment {
        OrderAccount.Payment(
            status: status, amountMinor: 2500, currency: "EUR", receivedMinor: received, refundedMinor: refunded,
            orderRefunds: orderRefunds, intents: intents)
    }

    @Test(arguments: [
        account("CONFIRMED", payment: payment("succeeded", received: 2500)),
        // An operator gave some of it back.
        account("CONFIRMED", payment: payment("succeeded", received: 2500, refunded: 500)),
        account("CANCELLED", payment: payment("cancelled")),
        account("CANCELLED", payment: payment("succeeded", received: 2500, refunded: 2500, orderRefunds: 1)),
        account("FAILED", payment: payment("failed")),
        // Payments has not heard of it yet, or never will.
        account("CANCELLED", payment: nil),
        // Not settled: money may be on its way.
        account("PENDING", settled: false, payment: payment("succeeded", received: 2500)),
        account("CANCELLED", settled: false, payment: payment("processing")),
    ])
    func moneyThatFitsItsOrderIsClean(account: OrderAccount) {
        #expect(SystemCheck.moneyRule(account) == nil)
    }

    @Test(arguments: [
        account("CONFIRMED", payment: nil),
        account("CONFIRMED", payment: payment("pending")),
        account("CONFIRMED", payment: payment("succeeded", received: 2400)),
        account("CONFIRMED", payment: payment("succeeded", received: 5000)),
        account("CONFIRMED", payment: payment("succeeded", received: 2500, refunded: 2500, orderRefunds: 1)),
        account("CANCELLED", payment: payment("succeeded", received: 2500)),
        account("FAILED", payment: payment("succeeded", received: 2500, refunded: 2000)),
        account("CANCELLED", payment: payment("processing")),
        OrderAccount(id: UUID(), payment: payment("succeeded", received: 2500)),
    ])
    func moneyWithoutItsOrderIsAViolation(account: OrderAccount) {
        #expect(SystemCheck.moneyRule(account) != nil)
    }

    @Test(arguments: [
        account("CONFIRMED", payment: nil, reservations: ["expired", "committed"]),
        account("CANCELLED", payment: nil, reservations: ["released"]),
        account("CANCELLED", payment: nil),
        account("PENDING", settled: false, payment: nil, reservations: ["active"]),
        account("CANCELLED", settled: false, payment: nil, reservations: ["active"]),
    ])
    func stockThatFitsItsOrderIsClean(account: OrderAccount) {
        #expect(SystemCheck.stockRule(account) == nil)
    }

    @Test(arguments: [
        account("CONFIRMED", payment: nil),
        account("CONFIRMED", payment: nil, reservations: ["active"]),
        account("CONFIRMED", payment: nil, reservations: ["committed", "committed"]),
        account("CONFIRMED", payment: nil, reservations: ["committed", "active"]),
        account("CANCELLED", payment: nil, reservations: ["active"]),
        account("FAILED", payment: nil, reservations: ["committed"]),
        // Nothing is taken off the shelf before the order is confirmed.
        account("PENDING", settled: false, payment: nil, reservations: ["committed"]),
    ])
    func stockWithoutItsOrderIsAViolation(account: OrderAccount) {
        #expect(SystemCheck.stockRule(account) != nil)
    }

    @Test func piecesThatWereNotOrderedAreAViolation() {
        var account = Self.account("CONFIRMED", payment: nil, reservations: ["committed"])
        account.reservations[0].lines["B"] = 2
        #expect(SystemCheck.stockRule(account) != nil)
    }

    @Test func aPaymentOverAnotherSumOrCurrencyIsAViolation() {
        var account = Self.account("PENDING", settled: false, payment: Self.payment("pending"))
        #expect(SystemCheck.amountsRule(account) == nil)
        account.payment?.amountMinor = 2499
        #expect(SystemCheck.amountsRule(account) != nil)
        account.payment?.amountMinor = 2500
        account.payment?.currency = "USD"
        #expect(SystemCheck.amountsRule(account) != nil)
        account.payment?.amountMinor = nil
        #expect(SystemCheck.amountsRule(account) == nil)
    }

    // MARK: Looking twice

    @Test func onlyWhatIsFoundAgainCounts() {
        let first = Suspects(["a", "b", "c"].map { Suspect(key: $0, what: "first") })
        let later = Suspects(["b", "c", "d"].map { Suspect(key: $0, what: "later") })
        let confirmed = first.confirmed(by: later)
        #expect(confirmed.kept.map(\.key) == ["b", "c"])
        #expect(confirmed.kept.map(\.what) == ["later", "later"])
        #expect(confirmed.count == 2)
        #expect(first.confirmed(by: Suspects()).isEmpty)
    }

    @Test func moreThanAreKeptAreCounted() {
        var many = Suspects((0..<Suspects.limit + 5).map { Suspect(key: "\($0)", what: "") })
        #expect(many.count == Suspects.limit + 5)
        #expect(many.kept.count == Suspects.limit)
        many.add([], of: 7)
        #expect(many.count == Suspects.limit + 12)
        let fewer = Suspects((0..<3).map { Suspect(key: "\($0)", what: "") })
        #expect(many.confirmed(by: fewer).count == 3)
        #expect(fewer.confirmed(by: many).count == 3)
    }

    // MARK: What is on its way

    @Test func ofMoreThanAreKeptEachIsExamined() async throws {
        let accounts = (0..<Suspects.limit + 500).map { _ in Self.account("CONFIRMED", payment: nil) }
        var look = OrderLook([SystemCheck.moneyRule, SystemCheck.stockRule])
        try await look.look(at: accounts) {
            accounts
        } atRest: { _ in
            [:]
        }
        #expect(look.suspects.map(\.count) == [0, 0])

        let resting = Set(accounts.suffix(2).map(\.id))
        try await look.look(at: accounts) {
            accounts
        } atRest: { orders in
            Dictionary(uniqueKeysWithValues: orders.filter { resting.contains($0) }.map { ($0, Set<UUID>()) })
        }
        #expect(look.suspects.map(\.count) == [2, 2])
        #expect(
            look.suspects.allSatisfy { Set($0.kept.map(\.key)) == Set(resting.map { $0.uuidString.lowercased() }) })
    }

    /// All ways in which so many reads, one after the other, fall among the moments of a story.
    private static func schedules(reads: Int, moments: Int) -> [[Int]] {
        guard reads > 0 else { return [[]] }
        return schedules(reads: reads - 1, moments: moments).flatMap { schedule in
            ((schedule.last ?? 0)..<moments).map { schedule + [$0] }
        }
    }

    /// The story: an order with its stock held; confirmed, with the event of that on its way; its stock committed.
    @Test(arguments: schedules(reads: 6, moments: 3))
    func anOrderThatMovesBetweenTwoReadsIsNoViolation(schedule: [Int]) async throws {
        let (id, reserved, confirmed) = (UUID(), UUID(), UUID())
        var moments = schedule[...]
        func read() -> [OrderAccount] {
            let (order, stock) = (moments.removeFirst(), moments.removeFirst())
            return [
                Self.account(
                    order == 0 ? "PENDING" : "CONFIRMED", id: id, settled: order > 0, payment: nil,
                    reservations: [stock == 2 ? "committed" : "active"])
            ]
        }
        func atRest() -> [UUID: Set<UUID>] {
            switch moments.removeFirst() {
            case 0: [id: [reserved]]
            case 1: [:]
            default: [id: [reserved, confirmed]]
            }
        }
        var look = OrderLook([SystemCheck.stockRule])
        try await look.look(at: read()) {
            read()
        } atRest: { _ in
            atRest()
        }
        #expect(look.suspects.map(\.count) == [0])
    }

    // MARK: Side by side

    private static func id(_ number: UInt8) -> UUID {
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number))
    }

    /// The differences between two lists, fed in pages of this size.
    private static func differences(ledger: [UInt8], inbox: [UInt8], page: Int) -> [EventMerge.Step] {
        var (ledger, inbox) = (ledger[...], inbox[...])
        var merge = EventMerge()
        var steps: [EventMerge.Step] = []
        while true {
            let step = merge.next()
            switch step {
            case .needsLedger:
                merge.feed(
                    ledger: ledger.prefix(page).map { LedgerEntry(id: id($0), position: Int64($0), subject: "") })
                ledger = ledger.dropFirst(page)
            case .needsInbox:
                merge.feed(inbox: inbox.prefix(page).map(id))
                inbox = inbox.dropFirst(page)
            case .end: return steps
            default: steps.append(step)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 100])
    func differencesAreFoundWhereverPagesEnd(page: Int) {
        func only(ledger number: UInt8) -> EventMerge.Step {
            .onlyInLedger(LedgerEntry(id: Self.id(number), position: Int64(number), subject: ""))
        }
        // 4 was replayed: it is in the ledger three times.
        #expect(
            Self.differences(ledger: [2, 3, 4, 4, 4, 6, 9], inbox: [1, 3, 4, 7, 8], page: page) == [
                .onlyInInbox(Self.id(1)), only(ledger: 2), only(ledger: 6), .onlyInInbox(Self.id(7)),
                .onlyInInbox(Self.id(8)), only(ledger: 9),
            ])
        #expect(Self.differences(ledger: [], inbox: [], page: page) == [])
        #expect(Self.differences(ledger: [1], inbox: [], page: page) == [only(ledger: 1)])
        #expect(Self.differences(ledger: [], inbox: [1, 2], page: page).count == 2)
        #expect(Self.differences(ledger: [1, 2, 3], inbox: [1, 2, 3], page: page) == [])
    }
}
