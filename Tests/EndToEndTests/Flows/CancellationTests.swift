import Composition
import Contracts
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Orders that are cancelled after they were paid for, by customers and by operators at the command line.
    @Suite struct CancellationTests {
        private struct Requested: Decodable {
            let isDryRun: Bool
            let fromState: String
            let toState: String
            let events: [String]
        }

        private func confirmed(_ market: Marketplace, _ method: String = "pm_card_visa") async throws
            -> Marketplace.Order
        {
            let answer = try await market.post("OLI-TABLA-45", quantity: 2, paymentMethod: method, wait: "20s")
            let order = try answer.json(Marketplace.Order.self)
            try await eventually("the order is confirmed", within: .seconds(60)) {
                try await market.order(order.orderId).status == "CONFIRMED"
            }
            return order
        }

        private func net(_ market: Marketplace, _ order: UUID) throws -> Int64 {
            try market.sandbox.snapshot().netCharged(metadata: "order_id", order.uuidString.lowercased())
        }

        @Test func aConfirmedOrderThatIsCancelledIsPaidBackAndItsPiecesAreOnTheShelfAgain() async throws {
            try await Marketplace.run { market in
                let before = try await market.stock("OLI-TABLA-45")
                let order = try await confirmed(market)
                // At once: the cancellation and inventory's commitment of the stock may come together.
                let path = DemoShop.path(order.orderId)
                let answer = try await market.client.post(.orders, path + "/cancel", token: market.customer)
                #expect(answer.status == 200)
                let ended = try await market.settled(order.orderId)
                #expect(ended.status == "CANCELLED" && ended.reason == "customer_request")
                let rows = try await market.rows(of: order.orderId)
                #expect(rows.sagaState == "CANCELLED" && rows.reservations == ["released"])
                #expect(try await market.stock("OLI-TABLA-45") == before)
                #expect(try net(market, order.orderId) == 0)
                #expect(try market.sandbox.snapshot().refunds.count == 1)
                let told = try await market.events(of: order.orderId).filter { $0.stream == "orders" }.map(\.type)
                #expect(
                    told == [
                        EventType.orderCreated, EventType.orderConfirmed, EventType.orderCancelled,
                        EventType.orderRefundDue,
                    ])
                try await market.expectNothingAmiss()
            }
        }

        @Test func lostAnswersAndLostWebhooksStillPayBackOnce() async throws {
            try await Marketplace.run(settings: ["SAGA_COMPENSATION_DEADLINE": "1s"]) { market in
                let order = try await confirmed(market)
                try market.sandbox.setFaults([
                    SandboxFault(.closeAfter, target: "refunds.create", count: 2),
                    SandboxFault(.webhookLoss, target: "refund.created"),
                    SandboxFault(.webhookLoss, target: "refund.updated"),
                    SandboxFault(.webhookLoss, target: "charge.refunded"),
                ])
                _ = try await market.client.post(
                    .orders, DemoShop.path(order.orderId) + "/cancel", token: market.customer)
                try await market.settled(order.orderId)
                #expect(try net(market, order.orderId) == 0)
                #expect(try market.sandbox.snapshot().refunds.map(\.amount) == [2 * 2990])
                try await market.expectNothingAmiss()
            }
        }

        @Test func operatorsCancelAtTheCommandLineAndSeeFirstWhatWouldHappen() async throws {
            try await Marketplace.run { market in
                let order = try await confirmed(market)
                let id = order.orderId.uuidString.lowercased()
                func command(_ arguments: String...) async throws -> (code: Int32, output: String) {
                    let process = try CommandProcess(arguments, environment: market.environment)
                    return (try await process.exitCode(), process.output)
                }
                func requested(_ output: String) throws -> Requested {
                    try JSONDecoder().decode(Requested.self, from: Data(output.utf8))
                }
                let rehearsed = try await command("saga", "cancel", id, "--reason", "kiln", "--dry-run", "--json")
                #expect(rehearsed.code == 0)
                let would = try requested(rehearsed.output)
                #expect(would.isDryRun && would.fromState == "COMPLETED" && would.toState == "CANCELLED")
                #expect(would.events == [EventType.orderCancelled, EventType.orderRefundDue])
                #expect(try await market.order(order.orderId).status == "CONFIRMED")

                #expect(try await command("saga", "cancel", id).code == 2, "--reason is required")
                #expect(try await command("saga", "retry", id).code == 1, "nothing to retry")
                #expect(try await command("saga", "cancel", UUID().uuidString, "--reason", "x").code == 1)
                let done = try await command("saga", "cancel", id, "--reason", "kiln", "--actor", "olga")
                #expect(done.code == 0 && done.output.contains("COMPLETED -> CANCELLED"), "\(done.output)")
                try await market.settled(order.orderId)
                #expect(try net(market, order.orderId) == 0)
                let shown = try await command("saga", "show", id)
                #expect(shown.code == 0)
                for text in ["The order was cancelled on request.", "cli:olga", "kiln", "Nothing is awaited"] {
                    #expect(shown.output.contains(text), "\(text) in \(shown.output)")
                }
                #expect(try await command("saga", "list", "--stuck").code == 0)
                try await market.expectNothingAmiss()
            }
        }

        @Test func aStuckSagaIsListedWithItsReasonAndARetryWakesIt() async throws {
            try await Marketplace.run(hosting: []) { market in
                // Nothing runs but the order service's database: its saga waits, and its job is taken away.
                var order: Marketplace.Order?
                try await market.withServices([.inventory, .orders], relaying: [.inventory]) {
                    try await market.untilOrdersCanBePlaced()
                    order = try await market.place("OLI-TABLA-45")
                }
                let id = try #require(order).orderId.uuidString.lowercased()
                try await market.pool(.orders).query("delete from scheduled_job where kind = 'saga.deadline'")
                func command(_ arguments: String...) async throws -> (code: Int32, output: String) {
                    let process = try CommandProcess(arguments, environment: market.environment)
                    return (try await process.exitCode(), process.output)
                }
                let listed = try await command("saga", "list", "--stuck")
                #expect(listed.code == 1)
                #expect(
                    listed.output.contains(id) && listed.output.contains("no job for its deadline"), "\(listed.output)")
                let rehearsed = try await command("saga", "retry", id, "--dry-run")
                #expect(rehearsed.code == 0 && rehearsed.output.contains("nothing is written"))
                #expect(try await command("saga", "list", "--stuck").code == 1)
                #expect(try await command("saga", "retry", id).code == 0)
                #expect(try await command("saga", "list", "--stuck", "--json").code == 0)
            }
        }

        @Test func aRefundThatFailsIsResolvedAtTheCommandLineAndTheSagaSettles() async throws {
            try await Marketplace.run { market in
                let order = try await confirmed(market, "pm_sandbox_pendingRefundFails")
                let path = DemoShop.path(order.orderId)
                _ = try await market.client.post(.orders, path + "/cancel", token: market.customer)
                try await eventually("the refund failed", within: .seconds(60)) {
                    try await market.count("select count(*) from refund_unresolved", in: .payments) == 1
                }
                #expect(try await market.saga(order.orderId).settled == false)
                let ids = try await market.texts("select id::text from refund_unresolved", in: .payments)
                func command(_ arguments: String...) async throws -> (code: Int32, output: String) {
                    let process = try CommandProcess(arguments, environment: market.environment)
                    return (try await process.exitCode(), process.output)
                }
                let listed = try await command("refund", "list")
                #expect(listed.code == 1 && listed.output.contains(ids[0]), "\(listed.output)")
                #expect(try await command("refund", "resolve", ids[0], "--as", "lost").code == 2)
                let done = try await command(
                    "refund", "resolve", ids[0], "--as", "paid_elsewhere", "--note", "transfer")
                #expect(done.code == 0, "\(done.output)")
                try await market.settled(order.orderId)
                #expect(try await command("refund", "list").code == 0)
                #expect(try await command("refund", "resolve", ids[0], "--as", "not_owed").code == 1)
                try await market.expectNothingAmiss()
            }
        }
    }
}
