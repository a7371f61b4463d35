import Foundation
import HTTPTypes
import Outbox
import Postgres
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Orders

@Suite("What happened to an order, over HTTP")
struct SagaRoutesTests {
    private struct Timeline: Decodable {
        struct Entry: Decodable {
            let seq: Int
            let title: String
            let sagaState: String
            let status: String
        }
        struct Waiting: Decodable {
            let what: String
            let until: Date
        }
        let status: String
        let entries: [Entry]
        let waitingFor: Waiting?
    }

    private struct Saga: Decodable {
        struct Deadline: Decodable {
            let waitsFor: String
            let at: Date
        }
        struct Event: Decodable {
            let seq: Int
            let event: String
            let eventId: UUID?
            let verdict: String
            let note: String?
            let actions: [String]
        }
        let sagaId: UUID
        let state: String
        let settled: Bool
        let deadline: Deadline?
        let data: [String: AnyValue]
        let history: [Event]
    }

    /// Any JSON value; only its presence counts.
    private struct AnyValue: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    @Test("the timeline tells in words, and leaves out what means nothing to people")
    func timeline() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.apply(
            try order.reserved(), try order.pending(), try order.pending(), try order.declined(final: false))
        try await http.run { client in
            let open = try await client.send(.get, "/orders/\(order.id)/timeline", as: .ana).json(Timeline.self)
            #expect(
                open.entries.map(\.title) == [
                    "Order placed", "Stock reserved", "Waiting for the payment",
                    "The payment was declined; it can be tried again",
                ])
            #expect(open.entries.map(\.seq) == [1, 2, 3, 5])
            #expect(open.waitingFor?.what == "the payment")
            try await http.setting.apply(try order.succeeded())
            let done = try await client.send(.get, "/orders/\(order.id)/timeline", as: .ana).json(Timeline.self)
            #expect(done.entries.last?.title == "Paid: the order is confirmed")
            #expect(done.entries.last?.status == "CONFIRMED" && done.status == "CONFIRMED")
            #expect(done.waitingFor == nil)
        }
    }

    @Test("the saga is for operators, with all it knows and took")
    func saga() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        let reserved = try order.reserved()
        try await http.setting.apply(reserved, try order.released("failed"))
        try await http.run { client in
            for (caller, status) in [(HTTPClient.Caller.ana, 403), (.artisan, 403), (.nobody, 401)] {
                #expect(try await client.send(.get, "/orders/\(order.id)/saga", as: caller).status == status)
                #expect(try await client.send(.post, "/orders/\(order.id)/saga/retry", as: caller).status == status)
            }
            let saga = try await client.send(.get, "/orders/\(order.id)/saga", as: .ops).json(Saga.self)
            #expect(saga.sagaId == order.saga && saga.state == "STOCK_RESERVED" && !saga.settled)
            #expect(saga.deadline?.waitsFor == "payment")
            #expect(saga.data["hold"] != nil && saga.data["stock"] != nil)
            #expect(saga.history.map(\.verdict) == ["applied", "applied", "illegal"])
            #expect(saga.history[1].eventId == reserved.id)
            #expect(saga.history[2].note == "the order has not ended" && saga.history[2].actions == [])
        }
    }

    @Test("a retry is 202 with the saga, or 409 when there is nothing to retry")
    func retry() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.apply(try order.outOfStock())
        try await http.run { client in
            let answer = try await client.send(.post, "/orders/\(order.id)/saga/retry", as: .ops)
            #expect(answer.status == 202)
            #expect(try answer.json(Saga.self).history.last?.actions == ["order.cancelled.v1", "deadline undo"])
            try await http.setting.apply(try order.paymentCancelled())
            let settled = try await client.send(.post, "/orders/\(order.id)/saga/retry", as: .ops)
            #expect(settled.status == 409 && settled.code == "nothing_to_retry")
        }
    }

    @Test("the event stream tells what was, then what comes, and ends when the saga is settled")
    func stream() async throws {
        let http = try await HTTPSetting(OrdersConfiguration(waitPoll: .seconds(60)))
        let setting = http.setting
        let order = try await setting.order()
        try await setting.apply(try order.reserved())
        try await http.run(live: true) { client in
            async let answer = client.send(.get, "/orders/\(order.id)/events", as: .ana)
            try await eventually("the client listens") { setting.service.signals.count == 1 }
            try await setting.apply(try order.pending())
            try await setting.apply(try order.succeeded())
            let told = try await answer
            #expect(told.status == 200)
            #expect(told.headers[.contentType] == "text/event-stream; charset=utf-8")
            #expect(Self.ids(told.text) == [1, 2, 3, 4])
            #expect(told.text.hasSuffix("event: end\ndata: {}\n\n"))
            #expect(told.text.contains(#""title":"Paid: the order is confirmed""#))
            try await eventually("the client is forgotten") { setting.service.signals.count == 0 }
        }
    }

    @Test("a client that comes back hears only what it has missed, and in the end nothing")
    func resumes() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.apply(try order.reserved(), try order.pending(), try order.succeeded())
        try await http.run(live: true) { client in
            let path = "/orders/\(order.id)/events"
            let rest = try await client.send(.get, path, as: .ana, headers: [.lastEventID: "2"])
            #expect(Self.ids(rest.text) == [3, 4])
            let none = try await client.send(.get, path, as: .ana, headers: [.lastEventID: "4"])
            #expect(none.status == 204 && none.body.isEmpty)
            let wrong = try await client.send(.get, path, as: .ana, headers: [.lastEventID: "x"])
            #expect(wrong.status == 400)
        }
    }

    @Test("whoever has heard the end is not told to come back, also when the customer was not told of the last event")
    func hiddenLastEvent() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.apply(
            try order.reserved(), try order.pending(), try order.declined(), try order.released("cancelled"),
            try order.paymentCancelled())
        try await http.run(live: true) { client in
            let path = "/orders/\(order.id)/events"
            let told = try await client.send(.get, path, as: .ana).text
            #expect(Self.ids(told) == [1, 2, 3, 4, 5])
            #expect(Self.allIDs(told).last == 6)
            let none = try await client.send(.get, path, as: .ana, headers: [.lastEventID: "6"])
            #expect(none.status == 204)
        }
    }

    @Test("a timeline is of one moment: no confirmed order waits for its payment")
    func timelineOfOneMoment() async throws {
        struct Moment: Decodable {
            struct Entry: Decodable { let status: String }
            struct Waiting: Decodable { let what: String }
            let status: String
            let entries: [Entry]
            let waitingFor: Waiting?
        }
        let http = try await HTTPSetting()
        var placed: [TestOrder] = []
        for _ in 0..<60 {
            let order = try await http.setting.order()
            try await http.setting.apply(try order.reserved(), try order.pending())
            placed.append(order)
        }
        let orders = placed
        try await http.run { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let current = Mutex(orders[0].id)
                group.addTask {
                    defer { current.withLock { $0 = orders[59].id } }
                    for order in orders {
                        current.withLock { $0 = order.id }
                        try await http.setting.apply(try order.succeeded())
                    }
                }
                var isOver = false
                while !isOver {
                    let id = current.withLock { $0 }
                    isOver = id == orders.last?.id
                    let told = try await client.send(.get, "/orders/\(id)/timeline", as: .ana).json(Moment.self)
                    #expect((told.status == "CONFIRMED") == (told.waitingFor == nil))
                    #expect(told.entries.last?.status == told.status)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("wherever a stream is cut, coming back tells the rest, each event once")
    func resumesAnywhere() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.apply(
            try order.reserved(), try order.pending(), try order.pending(), try order.declined(final: false),
            try order.succeeded())
        try await http.run(live: true) { client in
            let path = "/orders/\(order.id)/events"
            let all = Self.ids(try await client.send(.get, path, as: .ana).text)
            #expect(all == [1, 2, 3, 5, 6])
            for last in 0...5 {
                let rest = try await client.send(.get, path, as: .ana, headers: [.lastEventID: "\(last)"])
                #expect(Self.ids(rest.text) == all.filter { $0 > last }, "after \(last)")
            }
        }
    }

    @Test(
        "what another replica does is told to all who listen here, found by one query for all of them",
        .timeLimit(.minutes(1)))
    func otherReplica() async throws {
        let http = try await HTTPSetting(OrdersConfiguration(heartbeat: .seconds(60)))
        let setting = http.setting
        let order = try await setting.order()
        let replica = OrdersService(environment: setting.environment, configuration: setting.configuration)
        try await http.run(live: true) { client in
            async let answer = client.send(.get, "/orders/\(order.id)/events", as: .ana)
            try await eventually("the client listens") { setting.service.signals.count == 1 }
            let others = (0..<20).map { _ in setting.service.signals.register(order.id) }
            #expect(setting.service.signals.orders == [order.id])
            let handler = SagaEventHandler(engine: replica.engine)
            _ = try await setting.pool.withTransaction { transaction in
                try await handler.handle(
                    batch: [try order.reserved(), try order.pending(), try order.succeeded()], in: transaction)
            }
            _ = try await setting.service.orderWatch.look([:])
            // Far sooner than the heartbeat, or the test is cancelled by its limit.
            for other in others { await other.wait(upTo: .seconds(600)) }
            #expect(Self.ids(try await answer.text) == [1, 2, 3, 4])
        }
    }

    @Test("only those are woken whose order has changed since the last look")
    func wakesOnlyTheChanged() async throws {
        let setting = try await Setting()
        let (changed, quiet) = (try await setting.order(), try await setting.order())
        let registrations = [changed, quiet].map { setting.service.signals.register($0.id) }
        let watch = setting.service.orderWatch
        let known = try await watch.look([:])
        #expect(Set(known.keys) == [changed.id, quiet.id])
        let replica = OrdersService(environment: setting.environment, configuration: setting.configuration)
        let handler = SagaEventHandler(engine: replica.engine)
        _ = try await setting.pool.withTransaction { try await handler.handle(batch: [changed.reserved()], in: $0) }
        let later = try await watch.look(known)
        #expect(later[changed.id] == 2 && later[quiet.id] == known[quiet.id])
        withExtendedLifetime(registrations) {}
    }

    @Test("an idle stream is kept open by comments")
    func heartbeat() async throws {
        let http = try await HTTPSetting(
            OrdersConfiguration(waitPoll: .milliseconds(20), heartbeat: .milliseconds(60)))
        let setting = http.setting
        let order = try await setting.order()
        try await http.run(live: true) { client in
            async let answer = client.send(.get, "/orders/\(order.id)/events", as: .ana)
            try await eventually("the client listens") { setting.service.signals.count == 1 }
            let later = try await setting.now() + 0.5
            try await eventually("half a second is over") { try await setting.now() > later }
            try await setting.apply(try order.reserved(), try order.succeeded())
            let text = try await answer.text
            #expect(text.components(separatedBy: ": still here\n\n").count > 1)
            #expect(Self.ids(text) == [1, 2, 3])
        }
    }

    /// Of the order's events; that of the stream's end is not among them.
    private static func ids(_ stream: String) -> [Int] {
        stream.components(separatedBy: "\n\n").filter { $0.contains("event: saga\n") }.flatMap(allIDs)
    }

    private static func allIDs(_ stream: String) -> [Int] {
        stream.split(separator: "\n").compactMap { line in
            line.hasPrefix("id: ") ? Int(line.dropFirst(4)) : nil
        }
    }
}
