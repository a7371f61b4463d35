import Foundation
import ServiceContextModule
import Testing

@testable import Outbox

@Suite("Events on the wire")
struct OutboxEventTests {
    struct Payload: Codable, Equatable {
        let orderId: UUID
        let at: Date
        let note: String
    }

    @Test("an event is a CloudEvent that a consumer reads back")
    func roundTrip() throws {
        let payload = Payload(
            orderId: .v7(), at: Date(timeIntervalSince1970: 1_764_000_000.125), note: "ceramic \"blue\" ñ /")
        let event = try OutboxEvent(
            type: "order.created.v1", aggregateType: "order", aggregateID: payload.orderId.lowercased,
            source: "/artesanos/orders", data: payload,
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        let read = try InboundEvent(json: event.json, stream: "orders", streamSequence: 7, deliveryCount: 1)
        #expect(read.id == event.id)
        #expect(read.type == "order.created.v1")
        #expect(read.aggregateID == payload.orderId.lowercased)
        #expect(read.traceparent == event.traceparent)
        #expect(try read.data(Payload.self) == payload)
    }

    @Test("ids are in lower case on the wire, other text is left alone")
    func lowercaseIDs() throws {
        let id = UUID.v7()
        let json = String(
            decoding: try WireJSON.encode(["id": id.uuidString, "sku": "ABC-DEF", "key": "\(id.uuidString)!"]),
            as: UTF8.self)
        #expect(json == #"{"id":"\#(id.lowercased)","key":"\#(id.uuidString)!","sku":"ABC-DEF"}"#)
    }

    @Test("the current trace goes with the event")
    func takesTrace() throws {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let event = try ServiceContext.withTraceparentSync(traceparent) {
            try OutboxEvent(
                type: "t", aggregateType: "order", aggregateID: "1", source: "/test", data: ["a": 1])
        }
        #expect(event.traceparent == traceparent)
    }

    @Test("what is no CloudEvent is refused with the path of what is missing")
    func refusesOther() {
        #expect(throws: DecodingError.self) {
            _ = try InboundEvent(json: Array("{}".utf8), stream: "s", streamSequence: 1, deliveryCount: 1)
        }
    }
}

extension ServiceContext {
    fileprivate static func withTraceparentSync<Result>(_ value: String, _ body: () throws -> Result) rethrows -> Result
    {
        var context = ServiceContext.topLevel
        context.traceparent = value
        return try ServiceContext.withValue(context) { try body() }
    }
}
