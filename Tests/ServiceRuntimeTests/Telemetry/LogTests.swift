import Foundation
import Logging
import Outbox
import ServiceContextModule
import Testing

@testable import ServiceRuntime

@Suite struct LogTests {
    @Test func recordIsOneJSONObjectALineWithFlattenedMetadata() throws {
        let log = CapturedLog()
        var logger = log.logger(label: "orders")
        logger[metadataKey: "service"] = "orders"
        logger.info(
            "order \"placed\"",
            metadata: [
                "order": ["id": "7", "lines": [["sku": "a"], ["sku": "b"]]], "level": "mine", "note": "a\nb\u{1}",
            ])
        #expect(log.lines.count == 1)
        #expect(log.lines.allSatisfy { $0.hasSuffix("}\n") && $0.count(where: \.isNewline) == 1 })
        let record = try #require(try log.records().first)
        #expect(record["level"] == "info")
        #expect(record["logger"] == "orders")
        #expect(record["message"] == "order \"placed\"")
        #expect(record["service"] == "orders")
        #expect(record["order.id"] == "7")
        #expect(record["order.lines.1.sku"] == "b")
        #expect(record["meta.level"] == "mine")
        #expect(record["note"] == "a\nb\u{1}")
        #expect(record["ts"].flatMap { WireJSON.date($0) } != nil)
    }

    @Test(arguments: [
        "client_secret", "Authorization", "password", "access_token", "email", "customer-email", "api_key",
        "Stripe-Signature", "nkey_seed",
    ])
    func valuesOfDeniedKeysAreNeverLogged(key: String) throws {
        let log = CapturedLog()
        log.logger().info("x", metadata: ["\(key)": "hush", "nested": ["\(key)": ["hush"]]])
        #expect(log.lines.allSatisfy { !$0.contains("hush") && $0.contains("[redacted]") })
        let text = CapturedLog()
        Logger(label: "t") { TextLogHandler(label: $0, hasColours: false, sink: text) }
            .info("x", metadata: ["\(key)": "hush"])
        #expect(text.lines.allSatisfy { !$0.contains("hush") && $0.contains("[redacted]") })
    }

    @Test(arguments: [
        ("connect to postgresql://orders:s3cret@db:5432/orders failed", "s3cret"),
        ("host=db user=x password=s3cret dbname=y", "s3cret"),
        ("HOST=db USER=x PASSWORD=s3cret", "s3cret"),
        ("no such key sk_live_abc123DEF", "abc123DEF"),
        ("signed with whsec_abc123DEF", "abc123DEF"),
        ("intent pi_3Nx_secret_Zz91", "Zz91"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl refused", "c2lnbmF0dXJl"),
    ])
    func secretsInTextsAreCutOut(text: String, secret: String) throws {
        #expect(text.contains(secret))
        let log = CapturedLog()
        log.logger().error("failed", metadata: ["error": "\(text)"])
        let value = try #require(try log.records().first?["error"])
        #expect(!value.contains(secret))
        #expect(value.contains("[redacted]"))
    }

    @Test(arguments: ["relation orders is missing", "a://b/c", "pi_123 succeeded", "see https://x/y?z=1"])
    func otherTextsStayAsTheyAre(text: String) {
        #expect(Redaction.text(text) == text)
    }

    @Test func recordCarriesTraceAndTheIDsOfTheWorkAtHand() async throws {
        let log = CapturedLog()
        let logger = log.logger()
        var context = ServiceContext.topLevel
        context.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        await ServiceContext.withValue(context) {
            await LogContext.with(orderID: "o-1", sagaID: "s-1") {
                await LogContext.with(eventID: "e-1") { logger.info("inside") }
            }
        }
        logger.info("outside")
        let records = try log.records()
        #expect(records[0]["trace_id"] == "0af7651916cd43dd8448eb211c80319c")
        #expect(records[0]["span_id"] == "b7ad6b7169203331")
        #expect(records[0]["order_id"] == "o-1")
        #expect(records[0]["saga_id"] == "s-1")
        #expect(records[0]["event_id"] == "e-1")
        #expect(records[1]["trace_id"] == nil)
        #expect(records[1]["order_id"] == nil)
    }

    @Test func textFormatIsOneLineAndHasColoursOnlyWhenAsked() {
        let plain = CapturedLog()
        Logger(label: "orders") { TextLogHandler(label: $0, hasColours: false, sink: plain) }
            .warning("stock low", metadata: ["sku": "cuenco", "error": "a\nb"])
        #expect(plain.lines.count == 1)
        #expect(plain.lines.first?.contains(#"WARNING  orders: stock low error=a\nb sku=cuenco"#) == true)
        #expect(plain.lines.first?.contains("\u{1B}") == false)
        let coloured = CapturedLog()
        Logger(label: "orders") { TextLogHandler(label: $0, hasColours: true, sink: coloured) }.warning("stock low")
        #expect(coloured.lines.first?.contains("\u{1B}[33mWARNING\u{1B}[0m") == true)
    }

    @Test func levelBelowTheConfiguredOneIsNotWritten() {
        let log = CapturedLog()
        log.logger(.warning).info("quiet")
        #expect(log.lines.isEmpty)
    }
}
