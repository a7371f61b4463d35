import Composition
import Foundation
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Each service as a process of its own that kills itself between an effect and what makes it known, and is started
    /// again.
    @Suite struct WorkDeathTests {
        /// Committed and not acknowledged; run, with Stripe's answer there, and not committed.
        private static let deaths = [
            ("inventory", "consumer.inventory-orders"), ("inventory", "job.reservation.expire"),
            ("payments", "consumer.payments-inventory"), ("payments", "job.payment.create-intent"),
            ("payments", "job.payment.cancel-intent"), ("orders", "consumer.orders-inventory"),
            ("orders", "consumer.orders-payments"), ("orders", "job.saga.deadline"),
        ]

        @Test func everyOrderEndsWhereverAServiceDiesInItsWork() async throws {
            try await Marketplace.run(hosting: []) { market in
                var processes: [String: CommandProcess] = [:]
                for name in ["inventory", "payments", "orders", "relay"] { processes[name] = try market.start(name) }
                try await market.untilServing()
                try await market.untilOrdersCanBePlaced()
                var orders: [UUID] = []
                /// Those whose payment is waited for to the end.
                var waiting: [UUID] = []
                for (service, place) in Self.deaths {
                    // Nothing of it is heard before the one that is to die is there.
                    try await #require(processes["relay"]).stop()
                    // One is paid, and one is not: that one's deadline passes, and its PaymentIntent is cancelled.
                    let paid = try await market.place("CUE-UBRIQUE-CARTERA").orderId
                    let unpaid = try await market.place("CUE-UBRIQUE-CARTERA", paymentMethod: nil).orderId
                    orders += [paid, unpaid]
                    try await #require(processes[service]).stop()
                    let dying = try market.start(service, dyingAt: "\(place):1")
                    processes["relay"] = try market.start("relay")
                    switch place {
                    case "job.reservation.expire":
                        // Only a hold that nobody ends runs out.
                        try await #require(processes["orders"]).stop()
                        try await market.passHold(of: unpaid)
                    case "job.payment.cancel-intent", "job.saga.deadline":
                        // There is a PaymentIntent to cancel.
                        try await market.untilSaga(unpaid, is: "PAYMENT_PENDING")
                        try await market.passDeadline("payment", of: unpaid)
                    default:
                        waiting.append(unpaid)
                    }
                    #expect(try await dying.exitCode() == 128 + SIGKILL, "\(place): \(dying.output)")
                    processes[service] = try market.start(service)
                    if place == "job.reservation.expire" { processes["orders"] = try market.start("orders") }
                    try await market.untilServing()
                }
                for id in waiting { try await market.passDeadline("payment", of: id) }
                for id in orders {
                    let ended = try await market.settled(id, within: .seconds(120))
                    #expect(["CONFIRMED", "FAILED"].contains(ended.status), "\(ended.status)")
                    #expect(try market.intents(of: id).count <= 1)
                }
                try await eventually("no stock is held any more", within: .seconds(60)) {
                    try await market.stock("CUE-UBRIQUE-CARTERA").reserved == 0
                }
                try await market.expectNothingAmiss()
                for process in processes.values { try await process.stop() }
            }
        }
    }
}
