import Foundation
import Testing

@testable import JetStream

/// What is read without a JSON decoder, and times.
@Suite struct ParsingTests {
    private func scan(_ text: String) -> PubAck? {
        Array(text.utf8).withUnsafeBytes { PubAckScanner.scan($0) }
    }

    @Test func usualAcknowledgementsAreScanned() {
        #expect(scan(#"{"stream":"orders","seq":123}"#) == PubAck(stream: "orders", sequence: 123))
        #expect(
            scan(#"{"stream":"orders", "domain":"hub", "seq":18446744073709551615,"duplicate": true}"#)
                == PubAck(stream: "orders", sequence: .max, isDuplicate: true))
        #expect(
            scan(#"{"stream":"o","seq":9,"batch":"abc","count":3}"#)
                == PubAck(stream: "o", sequence: 9, batchSize: 3))
        #expect(scan(#" { "duplicate" : false , "seq" : 1 , "stream" : "o" } "#) == PubAck(stream: "o", sequence: 1))
    }

    @Test(arguments: [
        "", "{", "{}", #"{"stream":"o"}"#, #"{"seq":1}"#, #"{"stream":"o","seq":-1}"#, #"{"stream":"o","seq":1.5}"#,
        #"{"stream":"o","seq":18446744073709551616}"#, #"{"stream":"a\"b","seq":1}"#, #"{"stream":"o","seq":1"#,
        #"{"stream":"o","seq":1}x"#, #"{"stream":"o","seq":1,}"#, #"{"stream":"o","seq":1,"new":2}"#,
        #"{"error":{"code":400},"stream":"o","seq":0}"#, #"{"stream":"o","seq":1,"duplicate":tru"#, "null",
    ])
    func anythingElseIsLeftToTheDecoder(text: String) {
        #expect(scan(text) == nil)
    }

    @Test func theAckSubjectIsReadInAllItsForms() throws {
        let short = try #require(DeliveryMetadata(ackSubject: "$JS.ACK.orders.shop.2.30.40.1700000000123456789.5"))
        #expect(short.stream == "orders")
        #expect(short.consumer == "shop")
        #expect(short.domain == nil)
        #expect(short.deliveryCount == 2)
        #expect(short.streamSequence == 30)
        #expect(short.consumerSequence == 40)
        #expect(short.nanoseconds == 1_700_000_000_123_456_789)
        #expect(abs(short.timestamp.timeIntervalSince1970 - 1_700_000_000.123) < 0.01)
        #expect(short.pending == 5)
        let plain = "$JS.ACK._.ACCHASH.orders.shop.2.30.40.1700000000123456789.5"
        for long in [plain, plain + ".random"] {
            let metadata = try #require(DeliveryMetadata(ackSubject: long))
            #expect(metadata == short)
        }
        #expect(DeliveryMetadata(ackSubject: "$JS.ACK.hub.ACC.o.c.1.2.3.4.5.r")?.domain == "hub")
    }

    @Test(arguments: [
        "", "a.b", "$JS.ACK.o.c.1.2.3.4", "$JS.ACK.o.c.1.2.3.4.5.6", "$JS.ACK.o.c.x.2.3.4.5", "$JS.API.o.c.1.2.3.4.5",
    ])
    func otherSubjectsAreNoDelivery(subject: String) {
        #expect(DeliveryMetadata(ackSubject: subject) == nil)
    }

    @Test func timesAreReadWithAnyFraction() {
        #expect(JetStreamTime.parse("1970-01-01T00:00:00Z") == Date(timeIntervalSince1970: 0))
        #expect(JetStreamTime.parse("2024-02-29T12:30:45Z") == Date(timeIntervalSince1970: 1_709_209_845))
        #expect(JetStreamTime.parse("2026-11-03T12:00:00.5Z") == Date(timeIntervalSince1970: 1_793_707_200.5))
        #expect(JetStreamTime.parse("2026-11-03T14:00:00+02:00") == Date(timeIntervalSince1970: 1_793_707_200))
        let precise = JetStreamTime.parse("2026-11-03T12:00:00.123456789Z")
        #expect(abs((precise?.timeIntervalSince1970 ?? 0) - 1_793_707_200.123_456_789) < 0.000_001)
    }

    @Test(arguments: ["", "2026", "2026-11-03 12:00:00Z", "2026-13-03T12:00:00Z", "2026-11-03T12:00:00", "x"])
    func noTimes(text: String) {
        #expect(JetStreamTime.parse(text) == nil)
    }

    @Test func storedHeadersAreReadLineByLine() {
        let block = "NATS/1.0\r\nNats-Msg-Id: orders-1\r\nempty:\r\na:b: c\r\na: d\r\n\r\n"
        let headers = StoredMessage.headers(Data(block.utf8))
        #expect(headers["Nats-Msg-Id"] == "orders-1")
        #expect(headers["empty"] == "")
        #expect(headers.values("a") == ["b: c", "d"])
        #expect(StoredMessage.headers(nil).isEmpty)
    }

    @Test func unknownFieldsOfTheServerAreTolerated() throws {
        let json =
            #"{"name":"s","subjects":["a"],"future_field":{"x":1},"max_age":1000000000,"metadata":{"_nats.level":"2"}}"#
        let configuration = try JSONDecoder().decode(StreamConfiguration.self, from: Data(json.utf8))
        #expect(configuration.maxAge == .seconds(1))
        #expect(configuration.metadata == nil)
    }

    @Test func tokensOfReplySubjectsAreParsed() {
        func parse(_ text: String) -> (UInt64, Int)? {
            Array(text.utf8).withUnsafeBufferPointer { ConnectionCore.parseToken($0[...]) }.map { ($0.token, $0.index) }
        }
        #expect(parse("17") ?? (0, 0) == (17, 0))
        #expect(parse("17.999") ?? (0, 0) == (17, 999))
        #expect(parse("") == nil)
        #expect(parse("1.2.3") == nil)
        #expect(parse("x") == nil)
    }
}
