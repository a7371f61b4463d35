import Foundation

/// A load as it is reported.
struct LoadReport: Sendable, Encodable {
    struct Outcome: Sendable, Encodable {
        let outcome: LoadOutcome
        let orders: Int
        let asExpected: Int
        /// From the request until the end, in milliseconds.
        let toEnd: Percentiles?
    }

    /// How long after it was placed, in milliseconds by the database's clock, a saga took an event.
    struct Stage: Sendable, Encodable {
        let event: String
        let orders: Int64
        let p50: Double
        let p95: Double
    }

    struct Unexpected: Sendable, Encodable {
        let orderId: UUID?
        let outcome: LoadOutcome
        let expected: String
        /// Nil when it did not end.
        let actual: String?
    }

    /// Whether the program was built with optimisation.
    let isOptimised: Bool
    let seed: UInt64
    let orders: Int
    let accepted: Int
    let failedRequests: Int
    /// Failed requests of all.
    let errorRate: Double
    let seconds: Double
    /// Orders that ended, a second, from the first request to the last end.
    let perSecond: Double
    /// The answer of `POST /orders`, in milliseconds.
    let post: Percentiles?
    /// From the request until the order had ended, in milliseconds.
    let toEnd: Percentiles?
    let outcomes: [Outcome]
    let stages: [Stage]
    let unexpected: [Unexpected]
    /// Orders of which Stripe's stand-in has another sum or more than one PaymentIntent; nil without it.
    let differingAtStripe: Int?
    let verification: VerificationReport

    var isGood: Bool { unexpected.isEmpty && accepted == orders && differingAtStripe ?? 0 == 0 && verification.isClean }

    init(
        _ result: LoadResult, seed: UInt64, stages: [Stage], differingAtStripe: Int?,
        verification: VerificationReport
    ) {
        #if DEBUG
            isOptimised = false
        #else
            isOptimised = true
        #endif
        self.seed = seed
        self.stages = stages
        let all = result.orders
        orders = result.planned
        accepted = all.count { $0.orderID != nil }
        failedRequests = all.reduce(0) { $0 + $1.failedTries }
        errorRate = Double(failedRequests) / Double(max(1, accepted + failedRequests))
        // From the first request to the last end, by one clock.
        let first = all.map(\.startedAt).min()
        let last = all.compactMap(\.endedAt).max()
        let span = first.flatMap { first in last.map { $0.timeIntervalSince(first) - result.clockOffset } }
        seconds = span ?? result.seconds
        perSecond = Double(all.count { $0.endedAt != nil }) / max(seconds, 0.001)
        post = Percentiles(all.compactMap(\.postMilliseconds))
        toEnd = Percentiles(all.compactMap(result.milliseconds))
        outcomes = LoadOutcome.allCases.compactMap { outcome in
            let some = all.filter { $0.outcome == outcome }
            guard !some.isEmpty else { return nil }
            return Outcome(
                outcome: outcome, orders: some.count, asExpected: some.count { $0.isAsExpected },
                toEnd: Percentiles(some.compactMap(result.milliseconds)))
        }
        unexpected = result.unexpected.map { order in
            let expected = order.outcome.expected
            return Unexpected(
                orderId: order.orderID, outcome: order.outcome,
                expected: Self.text(expected.status, expected.reason),
                actual: order.status.map { Self.text($0, order.reason) })
        }
        self.differingAtStripe = differingAtStripe
        self.verification = verification
    }

    private static func text(_ status: String, _ reason: String?) -> String {
        status + (reason.map { " (\($0))" } ?? "")
    }

    func lines(_ terminal: Terminal) -> [String] {
        func figure(_ value: Double?) -> TextTable.Cell { .init(value.map { String(format: "%.1f", $0) } ?? "-") }
        func row(_ name: String, _ count: String, _ values: Percentiles?) -> [TextTable.Cell] {
            [
                .init(name), .init(count), figure(values?.p50), figure(values?.p95), figure(values?.p99),
                figure(values?.max),
            ]
        }
        var table = TextTable(["ms", "orders", "p50", "p95", "p99", "max"], rightAligned: [1, 2, 3, 4, 5])
        table.add(row("POST answered", "\(accepted)", post))
        table.add(row("POST to end", "\(toEnd?.count ?? 0)", toEnd))
        for outcome in outcomes {
            table.add(row("  \(outcome.outcome.rawValue)", "\(outcome.asExpected)/\(outcome.orders)", outcome.toEnd))
        }
        var lines = [
            "\(orders) orders, \(accepted) accepted, seed \(seed)"
                + (isOptimised ? "" : terminal.paint(" (a debug build: figures say little)", .yellow)),
            String(
                format: "%.1f orders a second over %.2f s; %d failed requests (%.2f %%)", perSecond, seconds,
                failedRequests, errorRate * 100), "",
        ]
        lines += table.lines(terminal)
        if !stages.isEmpty {
            var table = TextTable(["ms after placing", "orders", "p50", "p95"], rightAligned: [1, 2, 3])
            for stage in stages {
                table.add([.init(stage.event), .init("\(stage.orders)"), figure(stage.p50), figure(stage.p95)])
            }
            lines += [""] + table.lines(terminal)
        }
        if !unexpected.isEmpty {
            lines += ["", terminal.paint("\(unexpected.count) orders did not end as they should", .red)]
            lines += unexpected.prefix(10).map {
                "  \($0.orderId?.uuidString.lowercased() ?? "not accepted")  \($0.outcome.rawValue): "
                    + "\($0.actual ?? "no end"), expected \($0.expected)"
            }
        }
        if let differingAtStripe, differingAtStripe > 0 {
            lines += ["", terminal.paint("\(differingAtStripe) orders differ from what was charged at Stripe", .red)]
        }
        return lines + [""] + verification.lines(terminal)
    }
}
