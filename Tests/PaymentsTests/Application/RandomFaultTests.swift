import Contracts
import Foundation
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("Random mixes of faults, seeded")
struct RandomFaultTests {
    /// Every fault, each now and then.
    private func faults() -> [SandboxFault] {
        [
            SandboxFault(.latency, probability: 0.3, milliseconds: 1...40),
            SandboxFault(.closeBefore, probability: 0.04), SandboxFault(.closeAfter, probability: 0.04),
            SandboxFault(.rateLimit, probability: 0.04), SandboxFault(.lockTimeout, probability: 0.03),
            SandboxFault(.serverErrorBefore, probability: 0.03), SandboxFault(.serverErrorAfter, probability: 0.03),
            SandboxFault(.serverErrorAfter, probability: 0.03, status: 502, isRemembered: false),
            SandboxFault(.hangAfter, probability: 0.02), SandboxFault(.webhookLoss, probability: 0.2),
            SandboxFault(.webhookDuplicate, probability: 0.2, milliseconds: 0...100),
            SandboxFault(.webhookTwin, probability: 0.1, milliseconds: 0...100),
            SandboxFault(.webhookDelay, probability: 0.2, milliseconds: 0...300),
            SandboxFault(.webhookReorder, probability: 0.1, milliseconds: 200...200),
        ]
    }

    /// `PAYMENT_SEEDS=4,5,6` runs other mixes.
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["PAYMENT_SEEDS"]?.split(separator: ",").compactMap { UInt64($0) } ?? [
            1, 2, 3,
        ]

    private static let methods: [String?] = [
        "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_sandbox_processingSucceeds",
        "pm_sandbox_processingFails", "pm_card_authenticationRequired", nil, "pm_card_pendingRefund",
    ]

    /// What becomes of each order: as the saga would have it, it ends paid, or its money goes back.
    @Test(
        "per order at most one charge; net charged is the price when it was told as paid, else nothing",
        arguments: seeds)
    func keepsMoneyRight(seed: UInt64) async throws {
        var options = PaymentsSetting.Options()
        options.sandbox.seed = seed
        options.sandbox.faults = faults()
        options.reconciles = true
        options.configure = { $0.stripe.requestTimeout = .milliseconds(300) }
        try await PaymentsSetting.run(options) { setting in
            var generator = SeededRandom(seed: seed)
            var orders: [(order: TestOrder, ends: Bool)] = []
            for index in 0..<24 {
                let order = TestOrder(
                    amount: 1000 + Int64(index), paymentMethod: Self.methods[index % Self.methods.count])
                orders.append((order, Int.random(in: 0..<3, using: &generator) == 0))
                try await setting.place(order)
                if orders[index].ends { try await setting.hear(order.cancelled()) }
            }
            for (order, _) in orders where order.paymentMethod == nil {
                // The customer pays, as soon as there is something to pay, if the order is still wanted.
                try? await eventually("something to pay", within: .milliseconds(500)) {
                    try await setting.payment(order)?.status == .pending
                }
                if let id = try await setting.payment(order)?.paymentIntentID { try? setting.sandbox.pay(id) }
            }
            // Whoever is asked for an action does it; whatever has not ended by then is overdue.
            for (order, _) in orders {
                let payment = try await setting.payment(order)
                if let id = payment?.paymentIntentID { try? setting.sandbox.completeAction(id) }
            }
            for (order, _) in orders { try await setting.hear(order.overdue()) }
            try await settle(orders.map(\.order), setting)
            // Orders that ended get their money back, as the saga would ask.
            for (order, ends) in orders where ends { try await setting.hear(order.refundDue("customer_request")) }
            try await check(orders, setting, seed: seed)
        }
    }

    private func settle(_ orders: [TestOrder], _ setting: PaymentsSetting) async throws {
        for order in orders {
            try await eventually("the payment has ended", within: .seconds(60)) {
                let payment = try await setting.payment(order)
                switch payment?.status {
                case .succeeded, .cancelled: return true
                case .failed:
                    // The saga cancels an order whose payment failed.
                    if payment?.cancelReason == nil { try await setting.hear(order.cancelled("payment_declined")) }
                    return false
                default: return false
                }
            }
        }
    }

    private func check(
        _ orders: [(order: TestOrder, ends: Bool)], _ setting: PaymentsSetting, seed: UInt64
    ) async throws {
        for (order, ends) in orders {
            let id = order.id.uuidString.lowercased()
            let expected = ends ? 0 : try await setting.payment(order)?.status == .succeeded ? order.price.amount : 0
            try await eventually("order \(id) is settled, seed \(seed)", within: .seconds(60)) {
                try setting.sandbox.snapshot().netCharged(metadata: "order_id", id) == expected
            }
            let snapshot = try setting.sandbox.snapshot()
            let intents = snapshot.paymentIntents.filter { $0.metadata["order_id"] == id }
            #expect(intents.count <= 1, "seed \(seed)")
            let charges = snapshot.charges.filter { charge in intents.contains { $0.id == charge.paymentIntent } }
            #expect(charges.filter { $0.status == "succeeded" }.count <= 1, "seed \(seed)")
            #expect(intents.allSatisfy { $0.status == "succeeded" || $0.status == "canceled" }, "seed \(seed)")
        }
        #expect(try await setting.number("select count(*) from payment where alert is not null") == 0)
    }
}
