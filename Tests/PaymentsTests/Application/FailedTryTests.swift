import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import Payments

@Suite("Failed tries are counted once each")
struct FailedTryTests {
    @Test("two tries without a charge that fail alike are two, however often each is told")
    func countsByTime() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder()
            try await setting.place(order)
            var intent: String?
            try await setting.runJobs { intent = try await setting.reach(order, .pending).paymentIntentID }
            for created in [1_700_000_000, 1_700_000_005, 1_700_000_005] {
                let answer = try await client.deliver(
                    #"""
                    {"id":"evt_\#(UUID().uuidString)","object":"event","created":\#(created),"livemode":false,
                     "type":"payment_intent.payment_failed","data":{"object":{"id":"\#(try #require(intent))",
                     "object":"payment_intent","amount":2500,"currency":"eur","livemode":false,
                     "metadata":{"order_id":"\#(order.id.lowercased)"},"status":"requires_payment_method",
                     "last_payment_error":{"code":"payment_intent_authentication_failure",
                     "payment_method":{"id":"pm_1"}}}}}
                    """#)
                #expect(answer.status == 200)
            }
            try await setting.runJobs {
                try await eventually("the events are applied") {
                    try await setting.number("select count(*) from webhook_event where state = 'processed'") == 3
                }
            }
            #expect(try await setting.payment(order)?.attempts == 2)
        }
    }

    @Test("a try that an answer told of first is the one of the event that follows; a snapshot tells nothing new then")
    func namesByTime() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let order = TestOrder()
            try await setting.place(order)
            let id = try #require(try await setting.payment(order)).id
            try await setting.pool.withTransaction { try await count(in: PaymentStore($0), of: id) }
        }
    }

    private func count(in store: PaymentStore, of id: UUID) async throws {
        let bare = FailedTry(key: "pm_1:x", reason: "x")
        let first = FailedTry(key: "pm_1:x", reason: "x", timedKey: "pm_1:x@1")
        let second = FailedTry(key: "pm_1:x", reason: "x", timedKey: "pm_1:x@2")
        func count(_ tries: FailedTry...) async throws -> [Int] {
            let counted = try await store.countFailures(tries, of: id)
            return [counted.isNew ? 1 : 0, counted.count]
        }
        #expect(try await count(bare) == [1, 1])
        #expect(try await count(bare) == [0, 1])
        #expect(try await store.isCounted(first, of: id))
        #expect(try await count(first) == [0, 1])
        #expect(try await !store.isCounted(second, of: id))
        #expect(try await count(bare, second) == [1, 2])
        #expect(try await count(bare) == [0, 2])
        #expect(try await count(first, second) == [0, 2])
    }
}
