import Foundation
import NIOHTTP1
import Testing

@testable import Payments

@Suite("Stripe: lists")
struct StripeListTests {
    private func page<Item>(_ items: [String], as type: Item.Type) throws -> StripeList<Item> {
        let json = #"{"object":"list","has_more":true,"data":[\#(items.joined(separator: ","))]}"#
        return try StripeAnswer.decode(
            StripeList<Item>.self, StripeTransport.Answer(status: 200, headers: [:], body: Array(json.utf8)), "list")
    }

    private func event(_ id: String, _ more: String = "") -> String {
        #"""
        {"id":"\#(id)","object":"event","created":1,"livemode":false,"type":"refund.updated","data":{"object":
         {"id":"re_1","object":"refund","status":"pending","amount":5,"currency":"eur"\#(more)}}}
        """#
    }

    @Test("one that cannot be read hides no other, and pages go on behind it")
    func readsTheOthers() throws {
        let events = try page(
            [#"{"id":"evt_new","object":"event"}"#, event("evt_2"), event("evt_1"), #"{"id":"evt_old"}"#],
            as: StripeEvent.self)
        #expect(events.data.map(\.id) == ["evt_2", "evt_1"])
        #expect(events.unreadable.map(\.id) == ["evt_new", "evt_old"])
        #expect(events.firstID == "evt_new")
        #expect(events.lastID == "evt_old")
        let odd = try page(["7", "null", #"{"id":7}"#, event("evt_1")], as: StripeEvent.self)
        #expect(odd.data.map(\.id) == ["evt_1"])
        #expect(odd.unreadable.count == 3)
    }

    @Test("a PaymentIntent that cannot be read still tells whose it is")
    func keepsMetadata() throws {
        let intents = try page(
            [#"{"id":"pi_1","status":"requires_moon","metadata":{"payment_id":"p1","note":"for Ana"}}"#],
            as: StripePaymentIntent.self)
        #expect(intents.data.isEmpty)
        #expect(intents.unreadable.first?.metadata == ["payment_id": "p1"])
    }
}
