import Foundation
import Testing

@testable import Payments

@Suite("docs/payments.md")
struct DocumentationTests {
    private func page() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/payments.md"), encoding: .utf8)
    }

    @Test("its table of events has each type that is handled, and no other")
    func tableIsComplete() throws {
        let page = try page()
        let section = try #require(page.range(of: "### The events\n")).upperBound
        let table = page[section...].split(separator: "\n\n").first ?? ""
        let types = table.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(types == PaymentsService.stripeEvents)
    }

    @Test("the command that forwards events asks for all of them")
    func commandIsComplete() throws {
        let command = try #require(
            try page().split(separator: "\n").first {
                $0.contains("--events payment_intent.") || $0.contains("--events charge.")
            })
        let types = command.split(separator: "--events ").last?.split(separator: ",").map(String.init)
        #expect(types == PaymentsService.stripeEvents)
    }
}
