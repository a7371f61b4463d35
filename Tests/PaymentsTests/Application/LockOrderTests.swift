import Foundation
import Postgres
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("Whoever takes an event locks its PaymentIntent first")
struct LockOrderTests {
    private static let waiters: Statement = """
        select count(*) from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())
        """

    enum Way: CaseIterable, Sendable {
        case duplicate, replay
    }

    /// A job that makes a PaymentIntent known holds its lock, and then locks the events that wait for it. An event that
    /// comes between the two must not hold its row while it waits for the PaymentIntent.
    @Test(
        "an event that comes while its PaymentIntent is locked keeps nobody from the events that wait",
        arguments: Way.allCases)
    func waitsWithoutItsRow(way: Way) async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.runsJobs = false
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let json = TestEvent.intent(
                "payment_intent.succeeded", id: "evt_early", intent: "pi_early", order: TestOrder(),
                status: "succeeded", received: 2500)
            #expect(try await client.deliver(json).status == 200)
            try await withThrowingTaskGroup(of: Int.self) { group in
                try await setting.pool.withTransaction { transaction in
                    try await transaction.query(PaymentSQL.lockIntent.bind("pi_early"))
                    group.addTask {
                        switch way {
                        case .duplicate: try await client.deliver(json).status
                        case .replay:
                            try await client.post("/webhook-events/evt_early/replay", as: "op", .ops).status
                        }
                    }
                    try await eventually("the event waits for the PaymentIntent") {
                        try await setting.number(Self.waiters) == 1
                    }
                    let events = try await StripeEventStore(transaction).pendingAtStart("pi_early")
                    #expect(events.map(\.id) == ["evt_early"])
                }
                #expect(try await group.next() == 200)
            }
        }
    }
}
