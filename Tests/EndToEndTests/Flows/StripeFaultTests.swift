import Contracts
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Whatever goes wrong between us and Stripe.
    @Suite struct StripeFaultTests {
        /// `PAYMENT_SEEDS=4,5` runs other mixes.
        private static let seeds: [UInt64] =
            ProcessInfo.processInfo.environment["PAYMENT_SEEDS"]?.split(separator: ",").compactMap { UInt64($0) } ?? [
                1, 2,
            ]

        private static let methods: [String?] = [
            "pm_card_visa", "pm_card_chargeDeclined", "pm_sandbox_processingSucceeds", nil, "pm_card_visa",
            "pm_sandbox_processingFails", "pm_card_authenticationRequired", "pm_card_pendingRefund",
        ]

        /// Each effect is there or not, as the seed says.
        private static func faults(_ random: inout SeededGenerator) -> [SandboxFault] {
            var faults: [SandboxFault] = []
            for effect in SandboxFault.Effect.allCases where Bool.random(using: &random) {
                switch effect {
                case .latency: faults.append(SandboxFault(effect, probability: 0.3, milliseconds: 1...40))
                case .hangBefore, .hangAfter:
                    faults.append(SandboxFault(effect, probability: 0.04, milliseconds: 300...300))
                case .serverErrorBefore, .serverErrorAfter:
                    faults.append(SandboxFault(effect, probability: 0.04))
                    faults.append(SandboxFault(effect, probability: 0.04, status: 502, isRemembered: false))
                case .webhookLoss, .webhookDuplicate, .webhookTwin, .webhookDelay, .webhookReorder:
                    faults.append(SandboxFault(effect, probability: 0.2, milliseconds: 0...300))
                case .rateLimit, .lockTimeout, .closeBefore, .closeAfter:
                    faults.append(SandboxFault(effect, probability: 0.05))
                }
            }
            return faults
        }

        @Test(arguments: seeds)
        func perOrderAtMostOneChargeAndItIsKeptOnlyForAConfirmedOrder(seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            let faults = Self.faults(&random)
            print("the marketplace under faults, seed \(seed): \(Set(faults.map(\.effect.rawValue)).sorted())")
            // Questions that Stripe's faults leave unanswered are asked again.
            let settings = [
                "RESERVATION_TTL": "30s", "SAGA_PAYMENT_MARGIN": "5s", "SAGA_ANSWER_DEADLINE": "15s",
                "SAGA_RESCUE_DEADLINE": "60s",
            ]
            try await Marketplace.run(settings: settings) { market in
                try market.sandbox.setFaults(faults)
                var orders: [UUID] = []
                for index in 0..<16 {
                    let placed = try await market.place(
                        "CUE-UBRIQUE-CARTERA", paymentMethod: Self.methods[index % Self.methods.count])
                    orders.append(placed.orderId)
                    // A customer may not be able to cancel any more, which is as good.
                    if Int.random(in: 0..<4, using: &random) == 0 { try? await market.cancel(placed.orderId) }
                }
                for (index, id) in orders.enumerated() where Self.methods[index % Self.methods.count] == nil {
                    // Its customer pays, if there is something to pay in time; else its deadline ends it.
                    try? await eventually("something to pay", within: .seconds(1)) {
                        try !market.intents(of: id).isEmpty
                    }
                    for intent in try market.intents(of: id) { try? market.sandbox.pay(intent.id) }
                }
                for id in orders {
                    let order = try await market.settled(id, within: .seconds(180))
                    let expected = order.status == "CONFIRMED" ? order.total.amount : 0
                    let key = id.uuidString.lowercased()
                    try await eventually("order \(key) keeps \(expected), seed \(seed)", within: .seconds(60)) {
                        try market.sandbox.snapshot().netCharged(metadata: "order_id", key) == expected
                    }
                    let intents = try market.intents(of: id)
                    #expect(intents.count <= 1, "seed \(seed)")
                    let charges = try market.sandbox.snapshot().charges.filter { charge in
                        charge.status == "succeeded" && intents.contains { $0.id == charge.paymentIntent }
                    }
                    #expect(charges.count <= 1, "seed \(seed)")
                }
                try market.sandbox.setFaults([])
                try await market.expectNothingAmiss()
            }
        }
    }
}
