import Foundation

/// Shows the demo: a line for each thing that happens, as it happens, and a table at the end.
struct DemoRenderer: Sendable {
    let terminal: Terminal

    func heading(_ number: Int, of count: Int, _ flow: DemoFlow) {
        Output.line()
        Output.line(terminal.paint("\(number)/\(count)  \(flow.title)", .bold) + "  \(flow.story)")
    }

    func placed(_ flow: DemoFlow, _ orderID: UUID) {
        let method = flow.paymentMethod ?? "the customer pays later"
        Output.line(
            terminal.paint(
                "     order \(orderID.uuidString.lowercased()): \(flow.quantity) × \(flow.sku), \(method)", .dim))
    }

    /// - Parameter milliseconds: since the order was placed, by the database's clock.
    func step(_ step: OrderJourney.Step, milliseconds: Int) {
        let time = Self.padded("+\(milliseconds) ms", 11, isRight: true)
        let event = Self.padded(step.event, 33)
        let state = Self.padded(step.sagaState, 16)
        let status = Self.padded(step.status, 10)
        Output.line(
            "\(terminal.paint(time, .dim))  \(event) \(terminal.paint(state, .cyan)) "
                + "\(terminal.paint(status, Self.colour(step.status))) \(step.title)")
    }

    func action(_ text: String) {
        Output.line("           \(terminal.paint("→ \(text)", .magenta))")
    }

    func note(_ text: String) {
        Output.line(terminal.paint(text, .dim))
    }

    func skipped(_ number: Int, of count: Int, _ flow: DemoFlow, _ reason: String) {
        Output.line()
        Output.line(terminal.paint("\(number)/\(count)  \(flow.title)", .bold) + "  skipped: \(reason)")
    }

    func summary(_ results: [DemoResult]) {
        Output.line()
        var table = TextTable(
            ["", "flow", "expected", "ended", "settled after", "PaymentIntents", "stock"], rightAligned: [4])
        for result in results {
            table.add([
                result.isAsExpected ? .init("ok", .green) : .init("WRONG", .red), .init(result.flow.title),
                .init(Self.end(result.flow.expected.status, result.flow.expected.reason)),
                .init(Self.end(result.status, result.reason), Self.colour(result.status)),
                .init("\(result.milliseconds) ms"), .init(Self.intents(result.intents)), .init(Self.stock(result)),
            ])
        }
        table.lines(terminal).forEach { Output.line($0) }
        Output.line()
    }

    private static func end(_ status: String, _ reason: String?) -> String {
        reason.map { "\(status) \($0)" } ?? status
    }

    private static func intents(_ intents: [String]?) -> String {
        guard let intents else { return "at Stripe" }
        return intents.isEmpty ? "none" : intents.map { "1 \($0)" }.joined(separator: ", ")
    }

    private static func stock(_ result: DemoResult) -> String {
        let change = result.after.onHand - result.before.onHand
        let held = result.after.reserved - result.before.reserved
        let sold = change == 0 ? "as before" : "\(-change) sold"
        return held == 0 ? sold : sold + ", \(held) still held"
    }

    private static func colour(_ status: String) -> Terminal.Colour {
        switch status {
        case "CONFIRMED": .green
        case "CANCELLED": .yellow
        case "FAILED": .red
        default: .blue
        }
    }

    private static func padded(_ text: String, _ width: Int, isRight: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return isRight ? padding + text : text + padding
    }
}
