import Contracts
import Foundation
import HTTPTypes
import Logging
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Inventory

@Suite("Low-stock notifications")
struct NotificationTests {
    /// Vectors computed with Python's hmac module; the first secret, id, time and body are the example of the standard's
    /// own libraries.
    @Test("every secret signs, as Standard Webhooks says")
    func signature() {
        let signature = WebhookSignature(
            secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a plain secret of the tests"])
        let headers = signature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(
            headers.map(\.0) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(
            headers.map(\.1) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,8PxYMMv43sVIh/pr5OFBmYFcM3DkSW59jAlRadLTSzs=",
            ])
    }

    @Test("a crossing is posted once, signed, though the event comes twice and the receiver fails at first")
    func delivered() async throws {
        try await NotificationReceiver.run { receiver, url in
            receiver.answer([500, 302])
            let setting = try await Setting(Self.configuration(url))
            let event = try await Self.lowStock(in: setting)
            for _ in 0..<2 { try await Self.consume(event, in: setting) }
            // Three posts, and the job's own end is committed.
            try await setting.runJobs(until: "the notification is delivered") {
                let left = try await setting.count(
                    "select count(*)::int from scheduled_job where kind = 'notification.deliver'")
                return receiver.posts.count >= 3 && left == 0
            }
            for post in receiver.posts {
                #expect(post.headers[Self.id] == event.id.lowercased)
                #expect(post.headers[Self.signature]?.hasPrefix("v1,") == true)
                #expect(post.headers[.contentType]?.hasPrefix("application/cloudevents+json") == true)
                let told = try InboundEvent(json: post.body, stream: "inventory", streamSequence: 1, deliveryCount: 1)
                #expect(
                    try told.data(InventoryLowStock.self)
                        == InventoryLowStock(sku: "JAR", artisanId: "ana", available: 2, threshold: 3))
            }
        }
    }

    @Test("what nobody takes stays as a dead job with its error; other notifications go on")
    func dead() async throws {
        try await NotificationReceiver.run { receiver, url in
            receiver.answer(then: 503)
            let setting = try await Setting(Self.configuration(url, attempts: 2))
            try await Self.consume(try await Self.lowStock(in: setting), in: setting)
            try await setting.runJobs(until: "the job is dead") {
                try await setting.count("select count(*)::int from scheduled_job where state = 'dead'") == 1
            }
            let posts = receiver.posts.count
            #expect(posts >= 2)
            let error = try await setting.pool.query("select last_error from scheduled_job where state = 'dead'")
                .first?.get(0, as: String.self)
            #expect(error?.contains("503") == true)

            receiver.answer()
            try await Self.consume(try await Self.lowStock("LAMP", in: setting), in: setting)
            try await setting.runJobs(until: "the next is delivered") { receiver.posts.count == posts + 1 }
        }
    }

    @Test("a crossing is a line of the log, with what an artisan has to know")
    func logged() async throws {
        let log = RecordedLog()
        let setting = try await Setting(logger: log.logger)
        let event = try await Self.lowStock(in: setting)
        for _ in 0..<2 { try await Self.consume(event, in: setting) }
        let lines = log.lines.filter { $0.message == "stock is low" }
        // The same event again is known, and says nothing.
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.level == .notice)
        #expect(
            line.metadata == [
                "event_id": "\(event.id.lowercased)", "sku": "JAR", "artisan": "ana", "available": "2",
                "threshold": "3",
            ])
    }

    @Test("without a webhook nothing is scheduled")
    func noWebhook() async throws {
        let setting = try await Setting()
        try await Self.consume(try await Self.lowStock(in: setting), in: setting)
        #expect(
            try await setting.count("select count(*)::int from scheduled_job where kind = 'notification.deliver'") == 0)
        #expect(
            try await setting.count("select count(*)::int from inbox where consumer = 'inventory-notifications'") == 1)
    }

    // MARK: Support

    private static let id = HTTPField.Name("webhook-id") ?? .cookie
    private static let signature = HTTPField.Name("webhook-signature") ?? .cookie

    private static func configuration(_ url: String, attempts: Int = 5) -> InventoryConfiguration {
        InventoryConfiguration(
            notifications: NotificationConfiguration(
                url: url, secrets: ["a secret of the tests, long enough"], timeout: .seconds(30), maxAttempts: attempts,
                retryBase: .milliseconds(10), retryCap: .milliseconds(50)))
    }

    /// The event of a crossing, as it was written to the ledger.
    private static func lowStock(_ sku: String = "JAR", in setting: Setting) async throws -> InboundEvent {
        try await setting.product(sku, stock: 3, threshold: 3)
        try await setting.apply(try TestOrder([sku: 1]).created())
        let json = try await setting.pool.query(
            "select event from outbox where subject = $1 and aggregate_id = $2",
            EventType.inventoryLowStock, sku
        ).first?.get(0, as: [UInt8].self)
        return try InboundEvent(
            json: try #require(json), stream: "inventory", streamSequence: 1, deliveryCount: 1)
    }

    /// Through the real runner, inbox and all.
    private static func consume(_ event: InboundEvent, in setting: Setting) async throws {
        let definition = try #require(setting.service.consumers.first { $0.name == "inventory-notifications" })
        let broker = ListBroker([event], batch: 10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let runner = ConsumerRunner(definition, broker: broker, pool: setting.pool, logger: .test)
            group.addTask { try await runner.run() }
            try await eventually("the event is consumed") { broker.acknowledged == 1 }
            group.cancelAll()
        }
    }
}
