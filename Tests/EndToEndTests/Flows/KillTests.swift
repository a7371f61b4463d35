import Composition
import Foundation
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Each service and the relay as a process of its own, killed in turn while orders are under way.
    @Suite struct KillTests {
        private enum Kind: CaseIterable {
            case card, declined, customer

            var method: String? {
                switch self {
                case .card: "pm_card_visa"
                case .declined: "pm_card_chargeDeclined"
                case .customer: nil
                }
            }

            /// The customers' do not end before the last kill: something is always under way.
            static let mix: [Kind] = [.card, .card, .card, .declined, .customer]
        }

        @Test func everyOrderEndsWhicheverProcessIsKilled() async throws {
            try await Marketplace.run(hosting: []) { market in
                let names = ["inventory", "payments", "relay", "orders"]
                var processes: [String: CommandProcess] = [:]
                for name in names { processes[name] = try market.start(name) }
                try await market.untilServing()
                try await market.untilOrdersCanBePlaced()

                var orders: [(id: UUID, kind: Kind)] = []
                var moments: Set<Int> = []
                for (number, name) in (names + names).enumerated() {
                    var batch: [UUID] = []
                    for kind in Kind.mix {
                        let placed = try await market.place("CUE-UBRIQUE-CARTERA", paymentMethod: kind.method)
                        orders.append((placed.orderId, kind))
                        batch.append(placed.orderId)
                    }
                    // In the first round at once, in the second when some of them have ended.
                    if number >= names.count {
                        try await eventually("some have ended", within: .seconds(90)) {
                            try await market.settledSagas(of: batch) >= number % names.count + 1
                        }
                    }
                    let ended = try await market.settledSagas(of: batch)
                    #expect(ended < batch.count, "nothing is under way that \(name)'s death could harm")
                    moments.insert(ended)
                    let process = try #require(processes[name])
                    try await process.killHard()
                    processes[name] = try market.start(name)
                }
                #expect(moments.count > 1, "always killed at the same moment")
                try await market.untilServing()
                // The customers who pay by themselves do so now that everything is back.
                for order in orders where order.kind == .customer {
                    try await eventually("\(order.id) can be paid", within: .seconds(90)) {
                        try market.intents(of: order.id).first?.status == "requires_payment_method"
                    }
                    try market.sandbox.pay(try #require(try market.intents(of: order.id).first).id)
                }
                for order in orders {
                    let ended = try await market.settled(order.id, within: .seconds(120))
                    #expect(ended.status == (order.kind == .declined ? "CANCELLED" : "CONFIRMED"))
                    #expect(try market.intents(of: order.id).count == 1)
                }
                try await eventually("no stock is held any more", within: .seconds(60)) {
                    try await market.stock("CUE-UBRIQUE-CARTERA").reserved == 0
                }
                let stock = try await market.stock("CUE-UBRIQUE-CARTERA")
                #expect(stock == (50 - 32, 0))
                try await market.expectNothingAmiss()
                for process in processes.values { try await process.stop() }
            }
        }
    }
}
