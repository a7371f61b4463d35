import Composition
import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// A release of orders that lacks the definition of sagas under way.
    @Suite struct SagaVersionTests {
        @Test func ordersRefusesToStartWithoutTheDefinitionOfSagasUnderWay() async throws {
            try await Marketplace.run(hosting: []) { market in
                let orders = try market.pool(.orders)
                let id = UUID.v7()
                try await orders.query(
                    """
                    insert into orders (id, customer_id, status, currency, total_minor) values ($1, 'ana', 'PENDING', 'EUR', 100)
                    """, id)
                try await orders.query(
                    """
                    insert into saga (id, order_id, definition_version, state, data, seq, deadline, total_deadline)
                    values ($1, $1, 99, 'STARTED', '{"version": 99, "new": true}', 1, now() + interval '1 hour',
                        now() + interval '1 hour')
                    """, id)
                let refused = try market.start("orders")
                #expect(try await refused.exitCode() != 0)
                #expect(refused.output.contains("1 of version 99"), "\(refused.output)")
                #expect(refused.output.contains("Start the release that began them"), "\(refused.output)")
                // Nothing has started: a job that is due is still there, untouched.
                #expect(try await market.count("select count(*) from scheduled_job", in: .orders) == 0)

                try await orders.query("update saga set state = 'CANCELLED', settled_at = now(), deadline = null")
                let started = try market.start("orders")
                try await eventually("orders listens", within: .seconds(60)) { await market.client.isReady(.orders) }
                try await started.stop()
            }
        }

        @Test func theDefinitionIsPrintedAsTheDocumentationShowsIt() async throws {
            let page = try String(
                contentsOf: CommandProcess.root.appendingPathComponent("docs/saga.md"), encoding: .utf8)
            for (arguments, mark) in [([], "stateDiagram-v2"), (["--table"], "Tried first: ")]
                as [([String], String)]
            {
                let process = try CommandProcess(["saga", "diagram"] + arguments, environment: [:])
                #expect(try await process.exitCode() == 0)
                #expect(process.output.hasPrefix(mark), "\(process.output)")
                #expect(page.contains(process.output.trimmingCharacters(in: .newlines)))
            }
        }
    }
}
