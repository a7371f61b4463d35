import Foundation
import Testing

@testable import Payments

@Suite("Stripe: events")
struct StripeEventTests {
    private func decode(_ json: String) throws -> StripeEvent {
        try JSONDecoder().decode(StripeEvent.self, from: Data(json.utf8))
    }

    private let snapshot = #"""
        {"id":"evt_1","object":"event","api_version":"2026-10-28.endive","created":1700000000,"livemode":false,
         "pending_webhooks":1,"request":{"id":"req_1","idempotency_key":"k"},"type":"payment_intent.payment_failed",
         "data":{"object":{"id":"pi_1","object":"payment_intent","amount":2500,"amount_received":0,"currency":"eur",
          "client_secret":"pi_1_secret_hush","livemode":false,"receipt_email":"ana@example.org",
          "shipping":{"name":"Ana"},"latest_charge":{"id":"ch_1","object":"charge","billing_details":{"name":"Ana"}},
          "last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"lost_card","charge":"ch_1",
           "message":"Ana's card","payment_method":{"id":"pm_1","card":{"last4":"0002"}}},
          "metadata":{"order_id":"o1","note":"for Ana"},"status":"requires_payment_method"}}}
        """#

    @Test("a snapshot is read as far as this service needs it")
    func readsSnapshots() throws {
        let event = try decode(snapshot)
        #expect(event.id == "evt_1")
        #expect(!event.isThin)
        #expect(event.created == Date(timeIntervalSince1970: 1_700_000_000))
        #expect(event.paymentIntentID == "pi_1")
        guard case .paymentIntent(let intent) = event.subject else {
            Issue.record("not about a PaymentIntent")
            return
        }
        #expect(intent.status == .requiresPaymentMethod)
        #expect(intent.latestCharge == "ch_1")
        #expect(intent.lastFailure?.reason == "lost_card")
        #expect(intent.lastFailure?.paymentMethod == "pm_1")
        #expect(intent.failedTry(at: nil)?.key == "ch_1")
    }

    @Test("what is stored has neither the client secret nor anything about the customer, and reads back the same")
    func storesLittle() throws {
        let event = try decode(snapshot)
        let stored = String(decoding: try JSONEncoder().encode(event), as: UTF8.self)
        for word in ["hush", "secret", "Ana", "ana@", "0002", "note"] { #expect(!stored.contains(word), "\(word)") }
        #expect(try decode(stored) == event)
    }

    @Test("a thin event names its object, and reads back the same")
    func readsThin() throws {
        let event = try decode(
            #"""
            {"id":"evt_2","object":"v2.core.event","created":"2026-11-23T10:20:30.123Z","livemode":true,
             "type":"v1.payment_intent.succeeded",
             "related_object":{"id":"pi_2","type":"payment_intent","url":"/v1/payment_intents/pi_2"}}
            """#)
        #expect(event.isThin)
        #expect(event.type == "payment_intent.succeeded")
        #expect(event.livemode)
        #expect(event.paymentIntentID == "pi_2")
        let again = try decode(String(decoding: try JSONEncoder().encode(event), as: UTF8.self))
        #expect(again.subject == event.subject)
        #expect(again.type == event.type)
        #expect(again.isThin)
    }

    @Test("refunds, charges and what nobody knows are read too")
    func readsOthers() throws {
        let refund = try decode(
            #"""
            {"id":"evt_3","object":"event","created":1,"livemode":false,"type":"refund.failed","data":{"object":
             {"id":"re_1","object":"refund","status":"failed","amount":5,"currency":"eur","payment_intent":"pi_1",
              "failure_reason":"lost_or_stolen_card","metadata":null}}}
            """#)
        #expect(refund.paymentIntentID == "pi_1")
        #expect(refund.refundID == "re_1")
        let charge = try decode(
            #"""
            {"id":"evt_4","object":"event","created":1,"livemode":false,"type":"charge.refunded","data":{"object":
             {"id":"ch_1","object":"charge","amount_refunded":7,"payment_intent":"pi_1"}}}
            """#)
        #expect(charge.subject == .charge(id: "ch_1", paymentIntent: "pi_1", amountRefunded: 7))
        let other = try decode(
            #"""
            {"id":"evt_5","object":"event","created":1,"livemode":false,"type":"balance.available","data":{"object":
             {"object":"balance","available":[{"amount":1}]}}}
            """#)
        #expect(other.subject == .named(kind: "balance", id: nil))
        for event in [refund, charge, other] {
            #expect(try decode(String(decoding: try JSONEncoder().encode(event), as: UTF8.self)) == event)
        }
    }

    @Test(
        "a refund without a status, or in a new one, is there, and its end is not known",
        arguments: ["null", #""in_transit""#])
    func readsNewRefundStatus(status: String) throws {
        let event = try decode(
            #"""
            {"id":"evt_6","object":"event","created":1,"livemode":false,"type":"refund.updated","data":{"object":
             {"id":"re_1","object":"refund","status":\#(status),"amount":5,"currency":"eur","payment_intent":"pi_1"}}}
            """#)
        guard case .refund(let refund) = event.subject else {
            Issue.record("not about a refund")
            return
        }
        #expect(refund.status == .unknown)
        #expect(RefundStatus(refund.status) == .pending)
        #expect(try decode(String(decoding: try JSONEncoder().encode(event), as: UTF8.self)) == event)
    }

    @Test(
        "an object that is not as documented is named, so that it is asked for again",
        arguments: [
            ("payment_intent", #""id":"pi_1","status":"requires_moon","amount":1,"currency":"eur","livemode":false"#),
            ("payment_intent", #""id":"pi_1","status":null"#), ("refund", #""id":"re_1","status":"failed""#),
            ("charge", #""id":"ch_1","amount_refunded":"a lot""#),
        ])
    func namesWhatItCannotRead(kind: String, members: String) throws {
        let event = try decode(
            #"""
            {"id":"evt_7","object":"event","created":1,"livemode":false,"type":"x","data":{"object":
             {"object":"\#(kind)",\#(members)}}}
            """#)
        #expect(event.subject == .named(kind: kind, id: String(members.dropFirst(6).prefix(4))))
    }

    @Test(
        "a time that cannot be counted is refused, not fatal",
        arguments: ["1e300", "-1", "253402300800", "9223372036854775808", #""1""#, "null"])
    func refusesTimes(created: String) {
        #expect(throws: (any Error).self) {
            try decode(
                #"{"id":"e","object":"event","created":\#(created),"livemode":false,"type":"x","data":{"object":{}}}"#)
        }
    }

    @Test("a name that the database cannot keep is refused", arguments: ["id", "type", "intent"])
    func refusesNUL(place: String) {
        let nul = #"\u0000"#
        #expect(throws: (any Error).self) {
            try decode(
                #"""
                {"id":"e\#(place == "id" ? nul : "")","object":"event","created":1,"livemode":false,
                 "type":"x\#(place == "type" ? nul : "")",
                 "data":{"object":{"object":"payment_intent","id":"pi\#(place == "intent" ? nul : "")"}}}
                """#)
        }
    }

    @Test(
        "what is no event is refused",
        arguments: [
            "", "[]", "{}", "null", #"{"id":"evt"}"#,
            #"{"id":"","object":"event","created":1,"livemode":false,"type":"x","data":{"object":{}}}"#,
            #"{"id":"evt","object":"event","created":1,"type":"x","data":{"object":{}}}"#,
            #"{"id":"evt","object":"event","created":1,"livemode":false,"type":"x"}"#,
            #"{"id":"e","object":"event","created":1,"livemode":false,"type":"x","data":{"object":{"object":"refund"}}}"#,
        ])
    func refuses(json: String) {
        #expect(throws: (any Error).self) { try decode(json) }
    }

    @Test("an id has at most 255 characters")
    func limitsIDs() throws {
        func json(_ count: Int) -> String {
            let id = String(repeating: "e", count: count)
            return #"{"id":"\#(id)","object":"event","created":1,"livemode":false,"type":"x","data":{"object":{}}}"#
        }
        #expect(try decode(json(255)).id.count == 255)
        #expect(throws: (any Error).self) { try decode(json(256)) }
    }
}
