import Composition
import Foundation
import JetStream
import ServiceRuntime
import StripeSandbox
import Synchronization

/// Places the demo's orders one after the other, shows what happens to each, and compares the ends.
struct DemoRun: Sendable {
    let shop: DemoShop
    let configuration: ArtesanosConfiguration
    let connection: NATSConnection
    let renderer: DemoRenderer

    /// A flow that would wait longer than this is skipped.
    private static let patience = Duration.seconds(20)
    /// What the undo, and a slow machine, may take on top.
    private static let allowance = Duration.seconds(60)
    /// What follows the end of a saga has to be done by then.
    private static let aftermath = Duration.seconds(10)

    /// - Returns: whether all that ran ended as it should.
    func run(_ flows: [DemoFlow]) async throws -> Bool {
        var results: [DemoResult] = []
        for (index, flow) in flows.enumerated() {
            let wait = flow.waits?(configuration) ?? .zero
            if let reason = reasonToSkip(flow, wait) {
                renderer.skipped(index + 1, of: flows.count, flow, reason)
                continue
            }
            renderer.heading(index + 1, of: flows.count, flow)
            results.append(try await run(flow, upTo: wait + Self.allowance))
        }
        renderer.summary(results)
        return results.allSatisfy(\.isAsExpected)
    }

    private func reasonToSkip(_ flow: DemoFlow, _ wait: Duration) -> String? {
        if flow.act == .authenticate, shop.sandbox == nil { return "it needs Stripe's stand-in" }
        guard wait > Self.patience else { return nil }
        return "its deadline is \(DurationText.format(wait)) here; `artesanos demo --private` has short ones"
    }

    private func run(_ flow: DemoFlow, upTo limit: Duration) async throws -> DemoResult {
        try await stockUp(flow)
        let before = try await shop.stock(flow.sku)
        if flow.act == .pauseInventory {
            // The server lifts it by itself, should this process die in between.
            try await ConsumerPause.pause(stream: "orders", durable: "inventory-orders", for: limit, on: connection)
            renderer.action("inventory takes no orders")
        }
        let orderID = try await shop.place(flow)
        renderer.placed(flow, orderID)
        let milliseconds = try await follow(flow, orderID, upTo: limit)
        return try await result(of: flow, orderID, milliseconds: milliseconds, before: before)
    }

    /// What became of the order. The saga is settled when nothing can go wrong any more; committing sold stock and
    /// cancelling a PaymentIntent that was declined may take a moment longer.
    private func result(
        of flow: DemoFlow, _ orderID: UUID, milliseconds: Int, before: DemoShop.Stock
    ) async throws -> DemoResult {
        let end = ContinuousClock.now + Self.aftermath
        while true {
            let order = try await shop.order(orderID)
            let result = DemoResult(
                flow: flow, status: order.status, reason: order.reason, milliseconds: milliseconds,
                intents: try await shop.intents(of: orderID)?.map(\.status), before: before,
                after: try await shop.stock(flow.sku))
            if result.isAsExpected || ContinuousClock.now >= end { return result }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Earlier demos may have sold what this one needs.
    private func stockUp(_ flow: DemoFlow) async throws {
        let isShort = flow.expected.reason == "out_of_stock"
        guard !isShort, try await shop.stock(flow.sku).available < flow.quantity else { return }
        try await shop.restock(flow.sku, by: 10)
        renderer.note("     \(flow.sku) was sold out: 10 pieces added")
    }

    /// - Returns: how long it took from placed to settled, in milliseconds by the database's clock.
    private func follow(_ flow: DemoFlow, _ orderID: UUID, upTo limit: Duration) async throws -> Int {
        let progress = Mutex(Progress())
        try await OrderJourney(client: shop.client, token: shop.customer, orderID: orderID).follow(within: limit) {
            step in
            let (milliseconds, isDue) = progress.withLock { $0.note(step, flow) }
            renderer.step(step, milliseconds: milliseconds)
            if isDue { try await act(flow, orderID) }
        }
        return progress.withLock { $0.milliseconds }
    }

    private func act(_ flow: DemoFlow, _ orderID: UUID) async throws {
        switch flow.act {
        case .nothing: return
        case .cancel:
            renderer.action("the customer cancels")
            try await shop.cancel(orderID)
        case .authenticate:
            try await Polling.wait("the bank did not ask the customer", within: .seconds(30)) {
                try await shop.authenticate(orderID)
            }
            renderer.action("the customer confirms at the bank")
        case .pauseInventory:
            renderer.action("inventory is back")
            try await ConsumerPause.resume(stream: "orders", durable: "inventory-orders", on: connection)
        }
    }

    /// What has been seen of one order.
    private struct Progress {
        private var placedAt: Date?
        private var hasActed = false
        private(set) var milliseconds = 0

        /// - Returns: the time since the order was placed, and whether the flow's act is due.
        mutating func note(_ step: OrderJourney.Step, _ flow: DemoFlow) -> (milliseconds: Int, isDue: Bool) {
            placedAt = placedAt ?? step.at
            milliseconds = Int((step.at.timeIntervalSince(placedAt ?? step.at) * 1000).rounded())
            let isReached =
                switch flow.act {
                case .nothing: false
                case .cancel, .authenticate: step.sagaState == "PAYMENT_PENDING"
                case .pauseInventory: step.status == "FAILED"
                }
            defer { hasActed = hasActed || isReached }
            return (milliseconds, isReached && !hasActed)
        }
    }
}
