import Composition
import Foundation
import JetStream
import Outbox
import Postgres
import StripeSandbox
import TestSupport
import Testing

/// One message of a stream.
struct StreamEvent: Sendable {
    let stream: String
    let sequence: UInt64
    let id: UUID
    let type: String
    let time: Date
    let orderID: UUID?
    let sagaID: UUID?
}

/// What the three databases hold of one order.
struct OrderRows: Sendable {
    let orderStatus: String
    let orderReason: String?
    let sagaID: UUID
    let sagaState: String
    let isSettled: Bool
    /// Payment status; nil when payments never heard of the order.
    let paymentStatus: String?
    let paymentIntentID: String?
    /// The statuses of its reservations, oldest first.
    let reservations: [String]
}

extension Marketplace {
    private struct Subject: Decodable {
        let orderId: UUID?
        let sagaId: UUID?
    }

    /// Everything that a service's stream holds, read back from JetStream.
    func events(of service: ServiceName) async throws -> [StreamEvent] {
        let state = try await jetStream.streamInfo(service.stream).state
        var events: [StreamEvent] = []
        guard state.messages > 0 else { return [] }
        for sequence in state.firstSequence...state.lastSequence {
            guard let message = try await jetStream.message(stream: service.stream, sequence: sequence) else {
                continue
            }
            let event = try InboundEvent(
                json: message.payload, stream: service.stream, streamSequence: sequence, deliveryCount: 1)
            let subject = try event.data(Subject.self)
            events.append(
                StreamEvent(
                    stream: service.stream, sequence: sequence, id: event.id, type: event.type, time: event.time,
                    orderID: subject.orderId, sagaID: subject.sagaId))
        }
        return events
    }

    /// The events of one order, of all three streams; each stream in its order.
    func events(of orderID: UUID) async throws -> [StreamEvent] {
        var events: [StreamEvent] = []
        for service in ServiceName.allCases { events += try await self.events(of: service) }
        return events.filter { $0.orderID == orderID }
    }

    func rows(of orderID: UUID) async throws -> OrderRows {
        let order = try #require(
            try await pool(.orders).query(
                """
                select o.status, o.reason, s.id, s.state, s.settled_at is not null
                from orders o join saga s on s.order_id = o.id where o.id = $1::uuid
                """, orderID
            ).first)
        let payment = try await pool(.payments).query(
            "select status, payment_intent_id from payment where order_id = $1::uuid", orderID
        ).first
        return OrderRows(
            orderStatus: try order.get(0), orderReason: try order.get(1), sagaID: try order.get(2),
            sagaState: try order.get(3), isSettled: try order.get(4), paymentStatus: try payment?.get(0),
            paymentIntentID: try payment?.get(1, as: String?.self),
            reservations: try await texts(
                "select status from reservation where order_id = $1::uuid order by attempt", orderID, in: .inventory))
    }

    /// How many of these orders' sagas are settled.
    func settledSagas(of orders: [UUID]) async throws -> Int {
        try await count(
            "select count(*) from saga where order_id = any($1::uuid[]) and settled_at is not null", orders, in: .orders
        )
    }

    /// What is on the shelf of a product, and what of it is held.
    func stock(_ sku: String) async throws -> (onHand: Int, reserved: Int) {
        let row = try #require(
            try await pool(.inventory).query(
                "select on_hand, reserved from stock where sku = $1::text", sku
            ).first)
        return (Int(try row.get(0, as: Int64.self)), Int(try row.get(1, as: Int64.self)))
    }

    /// The PaymentIntents that were ever made for an order.
    func intents(of orderID: UUID) throws -> [SandboxSnapshot.PaymentIntent] {
        let id = orderID.uuidString.lowercased()
        return try sandbox.snapshot().paymentIntents.filter { $0.metadata["order_id"]?.lowercased() == id }
    }

    /// What must hold at any quiet moment: each stream is its ledger, event for event, and every check of
    /// `artesanos verify` is clean.
    func expectNothingAmiss(_ location: SourceLocation = #_sourceLocation) async throws {
        try await expectStreamsAreLedgers(location)
        try await expectClean(location)
    }

    /// Each stream is its ledger, event for event, whether or not somebody consumed it.
    func expectStreamsAreLedgers(_ location: SourceLocation = #_sourceLocation) async throws {
        try await untilRelayed()
        for service in ServiceName.allCases {
            let ledger = try await pool(service).query("select event_id from outbox order by position").map {
                try $0.get(0, as: UUID.self)
            }
            let stream = try await events(of: service).map(\.id)
            #expect(stream == ledger, "stream and ledger of \(service.rawValue) differ", sourceLocation: location)
        }
    }

    /// The relays have copied everything: what is committed is in the streams.
    func untilRelayed() async throws {
        for service in ServiceName.allCases {
            try await eventually("the ledger of \(service.rawValue) is relayed", within: .seconds(60)) {
                try await self.count("select count(*) from outbox_pending", in: service) == 0
            }
        }
    }
}
