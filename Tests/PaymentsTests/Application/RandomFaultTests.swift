import Contracts
import Foundation
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("Random mixes of faults, seeded")
struct RandomFaultTests {
    /// Which faults there are, and the seed that everything else comes from.
    struct Mix: Sendable, CustomTestStringConvertible {
        let seed: UInt64
        let effects: [SandboxFault.Effect]

        /// Each effect is in it or not.
        init(seed: UInt64) {
            var generator = SeededRandom(seed: seed)
            self.seed = seed
            effects = SandboxFault.Effect.allCases.filter { _ in Bool.random(using: &generator) }
        }

        init(_ effects: [SandboxFault.Effect], seed: UInt64) {
            self.seed = seed
            self.effects = effects
        }

        var testDescription: String { "seed \(seed): \(effects.map(\.rawValue).joined(separator: ", "))" }

        /// - Parameter isAlone: then it hits more often.
        func faults(isAlone: Bool) -> [SandboxFault] {
            effects.flatMap { effect -> [SandboxFault] in
                let often = isAlone ? 5.0 : 1
                switch effect {
                case .latency: return [SandboxFault(effect, probability: 0.3, milliseconds: 1...40)]
                case .serverErrorBefore, .serverErrorAfter:
                    // One that the key keeps, and one of a gateway's.
                    return [
                        SandboxFault(effect, probability: 0.03 * often),
                        SandboxFault(effect, probability: 0.03 * often, status: 502, isRemembered: false),
                    ]
                case .rateLimit, .lockTimeout, .closeBefore, .closeAfter:
                    return [SandboxFault(effect, probability: 0.04 * often)]
                case .hangBefore, .hangAfter: return [SandboxFault(effect, probability: 0.02 * often)]
                case .webhookLoss, .webhookDuplicate:
                    return [SandboxFault(effect, probability: 0.2, milliseconds: 0...100)]
                case .webhookTwin: return [SandboxFault(effect, probability: 0.2, milliseconds: 0...100)]
                case .webhookDelay: return [SandboxFault(effect, probability: 0.2, milliseconds: 0...300)]
                case .webhookReorder: return [SandboxFault(effect, probability: 0.2, milliseconds: 200...200)]
                }
            }
        }
    }

    /// `PAYMENT_SEEDS=4,5,6` runs other mixes: of every fault, and of those that the seed chooses.
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["PAYMENT_SEEDS"]?.split(separator: ",").compactMap { UInt64($0) } ?? [
            1, 2, 3,
        ]

    private static let mixes = seeds.flatMap { [Mix(SandboxFault.Effect.allCases, seed: $0), Mix(seed: $0)] }

    private static let methods: [String?] = [
        "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined", "pm_sandbox_processingSucceeds",
        "pm_sandbox_processingFails", "pm_card_authenticationRequired", nil, "pm_card_pendingRefund",
    ]

    @Test(
        "per order at most one charge; net charged is the price when it was told as paid, else nothing",
        arguments: mixes)
    func keepsMoneyRight(mix: Mix) async throws {
        try await run(mix, orders: 24, isAlone: false)
    }

    @Test("each fault alone, often", arguments: SandboxFault.Effect.allCases)
    func survives(effect: SandboxFault.Effect) async throws {
        try await run(Mix([effect], seed: Self.seeds.first ?? 1), orders: 8, isAlone: true)
    }

    @Test("and none at all")
    func worksWithout() async throws {
        try await run(Mix([], seed: Self.seeds.first ?? 1), orders: 8, isAlone: true)
    }

    /// What becomes of each order: as the saga would have it, it ends paid, or its money goes back.
    private func run(_ mix: Mix, orders count: Int, isAlone: Bool) async throws {
        let seed = mix.seed
        print("payments under faults, \(mix.testDescription)")
        var options = PaymentsSetting.Options()
        options.sandbox.seed = seed
        options.sandbox.faults = mix.faults(isAlone: isAlone)
        options.reconciles = true
        options.configure = { $0.stripe.requestTimeout = .milliseconds(300) }
        try await PaymentsSetting.run(options) { setting in
            var generator = SeededRandom(seed: seed)
            var orders: [(order: TestOrder, ends: Bool)] = []
            for index in 0..<count {
                let order = TestOrder(
                    amount: 1000 + Int64(index), paymentMethod: Self.methods[index % Self.methods.count])
                orders.append((order, Int.random(in: 0..<3, using: &generator) == 0))
                try await setting.place(order)
                if orders[index].ends { try await setting.hear(order.cancelled()) }
            }
            for (order, _) in orders where order.paymentMethod == nil {
                // The customer pays, as soon as there is something to pay, if the order is still wanted.
                try? await eventually("something to pay", within: .milliseconds(200)) {
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
