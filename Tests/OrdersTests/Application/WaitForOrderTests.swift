import Postgres
import Foundation
import Outbox
import TestSupport
import Testing

@testable import Orders

@Suite("Waiting for an order")
struct WaitForOrderTests {
    @Test("ends with the signal of the transaction that moved it on, long before the next poll")
    func signalled() async throws {
        let setting = try await Setting(OrdersConfiguration(waitPoll: .seconds(600)))
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.pending())
        async let waiting = setting.service.waitForOrder(order.id, upTo: .seconds(600)) { $0.status != .pending }
        try await eventually("somebody waits") { setting.service.signals.count == 1 }
        let start = ContinuousClock.now
        try await setting.apply(try order.succeeded())
        #expect(try await waiting?.status == .confirmed)
        #expect(start.duration(to: .now) < .seconds(100))
        try await eventually("nobody waits any more") { setting.service.signals.count == 0 }
    }

    @Test("sees what another replica did by its own poll")
    func polled() async throws {
        let setting = try await Setting(OrdersConfiguration(waitPoll: .milliseconds(50)))
        let order = try await setting.order()
        async let waiting = setting.service.waitForOrder(order.id, upTo: .seconds(30)) { $0.status != .pending }
        try await eventually("somebody waits") { setting.service.signals.count == 1 }
        let replica = OrdersService(environment: setting.environment, configuration: setting.configuration)
        try await setting.pool.withTransaction {
            _ = try await SagaEventHandler(engine: replica.engine).handle(try order.outOfStock(), in: $0)
        }
        #expect(try await waiting?.status == .cancelled)
    }

    @Test("gives up when its time is over, with the order as it is")
    func timesOut() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let start = ContinuousClock.now
        let found = try await setting.service.waitForOrder(order.id, upTo: .milliseconds(150)) { _ in false }
        #expect(found?.status == .pending)
        #expect(start.duration(to: .now) >= .milliseconds(150))
        #expect(setting.service.signals.count == 0)
        #expect(try await setting.service.waitForOrder(.v7(), upTo: .seconds(30)) { _ in false } == nil)
    }

    @Test("is over for an order that only its customer can move on")
    func awaitsTheCustomer() async throws {
        let setting = try await Setting()
        let byCustomer = try await setting.order()
        let byServer = try await setting.order(paymentMethod: "pm_card_visa")
        for order in [byCustomer, byServer] {
            #expect(try await !setting.record(order.id).awaitsNobodyElse)
            try await setting.apply(try order.reserved())
            #expect(try await !setting.record(order.id).awaitsNobodyElse)
            try await setting.apply(try order.pending())
        }
        #expect(try await setting.record(byCustomer.id).awaitsNobodyElse)
        #expect(try await !setting.record(byServer.id).awaitsNobodyElse)
        try await setting.apply(try byServer.succeeded())
        #expect(try await setting.record(byServer.id).awaitsNobodyElse)
    }
}
