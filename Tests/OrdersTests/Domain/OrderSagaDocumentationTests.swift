import Foundation
import Testing

@testable import Orders

/// `docs/saga.md` holds the diagram and the table between markers. After a change of the definition, run this test with
/// `UPDATE_DOCS=1` to write them anew.
@Suite struct OrderSagaDocumentationTests {
    @Test func docsSagaHoldsTheDiagramAndTheTableOfTheDefinition() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/saga.md").standardizedFileURL
        var text = try String(contentsOf: file, encoding: .utf8)
        let expected = [
            ("diagram", "```mermaid\n\(OrderSagaDiagram.mermaid())```\n"), ("table", OrderSagaDiagram.table()),
        ]
        for (name, content) in expected {
            let begin = "<!-- begin \(name) -->\n"
            let end = "<!-- end \(name) -->"
            let start = try #require(text.range(of: begin)?.upperBound, "no marker \(begin)")
            let finish = try #require(text.range(of: end, range: start..<text.endIndex)?.lowerBound)
            if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
                text.replaceSubrange(start..<finish, with: content)
            } else {
                #expect(text[start..<finish] == content, "docs/saga.md: \(name) differs; run this with UPDATE_DOCS=1")
            }
        }
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
    }

    @Test func everyStepIsInTheDiagram() {
        let diagram = OrderSagaDiagram.mermaid()
        for step in OrderSagaStep.allCases { #expect(diagram.contains(" \(step.rawValue)"), "\(step.rawValue)") }
        #expect(diagram.contains("STARTED --> STOCK_RESERVED : inventory.reserved.v1"))
        #expect(diagram.contains("COMPLETED --> CANCELLED : inventory.out-of-stock.v1"))
        #expect(!diagram.contains("COMPLETED --> PAYMENT_FAILED"))
    }
}
