import Contracts
import Foundation
import Outbox
import Testing

/// `docs/events.md` has every event, each with an example that is one.
@Suite struct EventsDocumentationTests {
    @Test func everyEventIsDocumentedWithAnExampleThatDecodesToAllOfItsFields() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/events.md").standardizedFileURL
        let examples = try Self.examples(in: String(contentsOf: file, encoding: .utf8))
        #expect(Set(examples.keys) == Set(EventType.orders + EventType.payments + EventType.inventory))
        for (type, json) in examples {
            let bytes = Array(json.utf8)
            let again = try Self.roundTrip(type, bytes)
            #expect(try Self.canonical(again) == Self.canonical(bytes), "\(type)")
        }
    }

    /// The first JSON block behind each heading of an event.
    private static func examples(in text: String) -> [String: String] {
        var examples: [String: String] = [:]
        for section in text.components(separatedBy: "\n### `").dropFirst() {
            let parts = section.components(separatedBy: "```")
            guard let type = section.split(separator: "`").first, parts.count >= 2 else { continue }
            let block = parts.first { $0.hasPrefix("json\n") } ?? ""
            examples[String(type)] = String(block.dropFirst("json\n".count))
        }
        return examples
    }

    private static func roundTrip(_ type: String, _ json: [UInt8]) throws -> [UInt8] {
        func again<Payload: Codable>(_ payload: Payload.Type) throws -> [UInt8] {
            try WireJSON.encode(try WireJSON.decode(payload, from: json))
        }
        return switch type {
        case EventType.orderCreated: try again(OrderCreated.self)
        case EventType.orderConfirmed: try again(OrderConfirmed.self)
        case EventType.orderCancelled: try again(OrderCancelled.self)
        case EventType.orderFailed: try again(OrderFailed.self)
        case EventType.orderPaymentOverdue: try again(OrderPaymentOverdue.self)
        case EventType.orderLatePayment: try again(OrderLatePayment.self)
        case EventType.orderRefundDue: try again(OrderRefundDue.self)
        case EventType.paymentPending: try again(PaymentPending.self)
        case EventType.paymentSucceeded: try again(PaymentSucceeded.self)
        case EventType.paymentFailed: try again(PaymentFailed.self)
        case EventType.paymentCancelled: try again(PaymentCancelled.self)
        case EventType.paymentRefunded: try again(PaymentRefunded.self)
        case EventType.paymentRefundFailed: try again(PaymentRefundFailed.self)
        case EventType.inventoryReserved: try again(InventoryReserved.self)
        case EventType.inventoryOutOfStock: try again(InventoryOutOfStock.self)
        case EventType.inventoryReleased: try again(InventoryReleased.self)
        case EventType.inventoryLowStock: try again(InventoryLowStock.self)
        case EventType.inventoryProductChanged: try again(InventoryProductChanged.self)
        default: throw UnknownType(type: type)
        }
    }

    private static func canonical(_ json: [UInt8]) throws -> Data {
        let object = try JSONSerialization.jsonObject(with: Data(json))
        return try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
    }

    private struct UnknownType: Error {
        let type: String
    }
}
