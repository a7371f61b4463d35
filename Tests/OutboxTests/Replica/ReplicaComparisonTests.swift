import Foundation
import Testing

@testable import Outbox

/// What a stream may be like beside its ledger, and what is said of it.
@Suite("Comparing ledger and stream")
struct ReplicaComparisonTests {
    /// A message `position` or `position.epoch`; `x` is somebody else's; `!` behind it: other content; `~`: another
    /// subject.
    private static func message(_ text: String, _ sequence: Int) -> ReplicaMessage {
        guard text != "x" else {
            return ReplicaMessage(
                sequence: UInt64(sequence), position: nil, messageID: nil, subject: "orders.x", event: [])
        }
        let plain = text.trimmingCharacters(in: CharacterSet(charactersIn: "!~"))
        let parts = plain.split(separator: ".")
        let position = Int64(parts[0]) ?? 0
        let epoch = parts.count > 1 ? "-\(parts[1])" : ""
        return ReplicaMessage(
            sequence: UInt64(sequence), position: position, messageID: "orders-\(position)\(epoch)",
            subject: text.hasSuffix("~") ? "other" : "orders.created",
            event: Array("\(position)\(text.hasSuffix("!") ? "!" : "")".utf8))
    }

    /// - Parameter page: messages a page.
    private static func differences(
        _ stream: String, ledger: [Int64], range: ClosedRange<Int64>, refused: Set<Int64>, page: Int
    ) -> [String] {
        var comparison = ReplicaComparison(range: range)
        let messages = stream.split(separator: " ").enumerated().map { message(String($1), $0 + 1) }
        func expect(upTo: Int64) {
            comparison.expect(
                ledger.filter { $0 > comparison.expectedUpTo && $0 <= upTo && !refused.contains($0) }, upTo: upTo)
        }
        for start in stride(from: 0, to: messages.count, by: page) {
            let page = Array(messages[start..<min(start + page, messages.count)])
            let positions = page.compactMap(\.position).filter(range.contains)
            if let highest = positions.max(), highest > comparison.expectedUpTo { expect(upTo: highest) }
            let rows = ledger.filter(positions.contains).map {
                ReplicaRow(position: $0, subject: "orders.created", event: Array("\($0)".utf8))
            }
            comparison.compare(page, rows: rows, refused: refused)
        }
        expect(upTo: range.upperBound)
        return comparison.differences().map { "\($0.kind.rawValue) \($0.position.map(String.init) ?? "-")" }
    }

    @Test("a lost beginning of more rows than are shown hides nothing that is missing behind it")
    func longBeginning() {
        let told = Self.differences(
            "12000 12002", ledger: Array(1...12_003), range: 1...12_003, refused: [], page: 1_000)
        #expect(told.suffix(2) == ["missing 12001", "lostEnd 12003"])
        #expect(told.count == 10_002)
    }

    @Test(
        "each difference is named, however the stream is cut into pages",
        arguments: [
            ("1 2 3 5 6", []),
            ("1 2 3 6", ["missing 5"]),
            ("1 2 3", ["lostEnd 5", "lostEnd 6"]),
            ("", ["lostEnd 1", "lostEnd 2", "lostEnd 3", "lostEnd 5", "lostEnd 6"]),
            ("3 5 6", ["lostBeginning 1", "lostBeginning 2"]),
            ("1 2 2 3 5 6", ["twice 2"]),
            ("1 3 2 5 6", ["unordered 2"]),
            ("1 2 x 3 5 6", ["foreign -"]),
            ("1 2! 3 5 6", ["changed 2"]),
            ("1 2~ 3 5 6", ["changed 2"]),
            ("1 2 3 4 5 6", ["foreign 4"]),
            ("1 2 3 5 6 7 8", []),
            // The relay went back: a lost tail leaves no trace but the epoch, a purge leaves copies.
            ("1 2 3.1 5.1 6.1", []),
            ("5 6 1.1 2.1 3.1 5.1 6.1", []),
            ("5 6 1.1 2.1 5.1 6.1", ["missing 3"]),
            ("1 2 3 5 2.1 3.1 5.1 6.1", []),
            ("1 2 3.1 5 6.1", ["unordered 5"]),
            // The ledger lost an event that the stream has, and gave its position again.
            ("1 2 3! 3.1 5.1 6.1", ["foreign 3"]),
        ], [1, 2, 100])
    func names(scenario: (stream: String, expected: [String]), page: Int) {
        let found = Self.differences(
            scenario.stream, ledger: [1, 2, 3, 5, 6], range: 1...6, refused: [], page: page)
        #expect(found == scenario.expected)
    }

    @Test("positions outside of the range, and those that no stream takes, are passed over")
    func passesOver() {
        let ledger: [Int64] = [1, 2, 3, 4, 5, 6, 7]
        #expect(Self.differences("1 2 4 5", ledger: ledger, range: 2...5, refused: [3], page: 2) == [])
        #expect(Self.differences("1 2 3 4", ledger: ledger, range: 2...5, refused: [3], page: 2) == ["lostEnd 5"])
    }

    @Test("random losses, copies and swaps are all found, and nothing else", arguments: UInt64(0)..<50)
    func findsAll(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let ledger = (1...200).filter { _ in random.next(10) > 0 }.map(Int64.init)
        var expected: Set<String> = []
        var stream: [String] = []
        let lastIndex = ledger.count - 1
        for (index, position) in ledger.enumerated() {
            // The first and the last stay, so that what is missing is in the middle.
            switch index == 0 || index == lastIndex ? 9 : random.next(20) {
            case 0: expected.insert("missing \(position)")
            case 1:
                stream.append("\(position)!")
                expected.insert("changed \(position)")
            case 2:
                stream += ["\(position)", "\(position)"]
                expected.insert("twice \(position)")
            default: stream.append("\(position)")
            }
        }
        let found = Self.differences(
            stream.joined(separator: " "), ledger: ledger, range: 1...200, refused: [], page: 1 + random.next(30))
        #expect(Set(found) == expected)
    }

    @Test(
        "the epoch is read from the message's id",
        arguments: [
            ("orders-4711", 0), ("orders-4711-3", 3), ("my-orders-4711-4711-12", 12), ("other", 0), (nil, 0),
        ])
    func epoch(id: String?, epoch: Int) {
        let message = ReplicaMessage(sequence: 1, position: 4711, messageID: id, subject: "s", event: [])
        #expect(message.epoch == epoch)
    }
}
