import Foundation

/// A message of a stream, as far as it is compared with the ledger.
public struct ReplicaMessage: Sendable {
    public let sequence: UInt64
    /// From the header; nil when somebody else than the relay wrote it.
    public let position: Int64?
    /// How often the relay had gone back when it wrote it; part of the message's id.
    public let epoch: Int
    public let subject: String
    public let event: [UInt8]

    /// - Parameter messageID: as the relay makes it: `orders-4711`, behind a rewind `orders-4711-2`.
    public init(sequence: UInt64, position: Int64?, messageID: String?, subject: String, event: [UInt8]) {
        self.sequence = sequence
        self.position = position
        self.subject = subject
        self.event = event
        epoch =
            position.flatMap { position in
                messageID?.range(of: "-\(position)-", options: .backwards).flatMap {
                    Int(messageID?[$0.upperBound...] ?? "")
                }
            } ?? 0
    }
}

/// A row of the ledger, as far as it is compared with the stream.
public struct ReplicaRow: Sendable {
    public let position: Int64
    public let subject: String
    public let event: [UInt8]

    public init(position: Int64, subject: String, event: [UInt8]) {
        self.position = position
        self.subject = subject
        self.event = event
    }
}

/// Compares a stream with its ledger, event by event. Rows are expected, messages arrive; what is expected and never
/// arrives is lacking. Memory is that of a page, and of what is lacking in runs.
///
/// Within an epoch positions ascend. A relay that went back begins an epoch with a position that was there before: its
/// copies are counted, and are no difference.
public struct ReplicaComparison: Sendable {
    /// Positions that are compared; messages of others are passed over.
    public let range: ClosedRange<Int64>
    /// Rows of the range.
    public private(set) var rows = 0
    /// Messages of the range.
    public private(set) var messages = 0
    /// Messages that stand a second time because the relay went back: consumers know them by their ids.
    public private(set) var copies = 0
    /// Up to here the rows are known.
    public private(set) var expectedUpTo: Int64

    private var lacking = IndexSet()
    private var first: Int64?
    private var reached: Int64
    private var last: Int64?
    private var epoch = 0
    /// Messages that are another event than the ledger's row.
    private var changed: [Int64: ReplicaDifference] = [:]
    private var others: [ReplicaDifference] = []

    /// No more differences than this are kept.
    public static let mostDifferences = 10_000

    /// - Parameter range: positions that the stream has to have.
    public init(range: ClosedRange<Int64>) {
        self.range = range
        expectedUpTo = range.lowerBound - 1
        reached = expectedUpTo
    }

    /// The ledger's next rows, by position, without those that no stream takes.
    /// - Parameter upTo: up to here these are all.
    public mutating func expect(_ positions: [Int64], upTo: Int64) {
        rows += positions.count
        expectedUpTo = max(expectedUpTo, upTo)
        var start: Int64?
        var end: Int64 = 0
        for position in positions {
            if let begun = start, position != end + 1 {
                lacking.insert(integersIn: Int(begun)...Int(end))
                start = position
            } else if start == nil {
                start = position
            }
            end = position
        }
        if let start { lacking.insert(integersIn: Int(start)...Int(end)) }
    }

    /// The stream's next messages, in its order.
    /// - Parameters:
    ///   - rows: of the messages' positions.
    ///   - refused: the positions that no stream takes.
    public mutating func compare(_ page: [ReplicaMessage], rows: [ReplicaRow], refused: Set<Int64>) {
        let known = Dictionary(rows.map { ($0.position, $0) }) { first, _ in first }
        for message in page {
            guard let position = message.position else {
                note(.foreign, message, "\(message.subject), without a place in the ledger")
                continue
            }
            guard range.contains(position) else { continue }
            messages += 1
            order(message, at: position)
            guard let row = known[position] else {
                if !refused.contains(position) {
                    note(.foreign, message, "\(message.subject), the ledger has no such row")
                }
                continue
            }
            lacking.remove(Int(position))
            if row.subject != message.subject {
                change(message, position, "\(message.subject), in the ledger \(row.subject)")
            } else if row.event != message.event {
                change(message, position, "another content than the ledger's row")
            } else if let earlier = changed.removeValue(forKey: position) {
                // The row's own copy came later: the first one was of an event that the ledger has lost.
                others.append(
                    ReplicaDifference(
                        kind: .foreign, position: position, sequence: earlier.sequence,
                        what: "an event that the ledger has lost; the row's own is message \(message.sequence)"))
            }
        }
    }

    /// All differences by position, once every row was expected and every message compared.
    public func differences() -> [ReplicaDifference] {
        // A beginning that is lost must not hide what is missing behind it.
        let split = first.map { Int($0) } ?? 0
        let beginning = lacking.intersection(IndexSet(integersIn: 0..<split)).prefix(Self.mostDifferences)
        let rest = lacking.subtracting(IndexSet(integersIn: 0..<split)).prefix(Self.mostDifferences)
        let lacking = (Array(beginning) + Array(rest)).map { index in
            let position = Int64(index)
            return switch first {
            case let first? where position < first:
                ReplicaDifference(
                    kind: .lostBeginning, position: position, sequence: nil,
                    what: "the stream begins at position \(first)")
            case .some where position <= reached:
                ReplicaDifference(
                    kind: .missing, position: position, sequence: nil, what: "the stream goes on without it")
            default:
                ReplicaDifference(kind: .lostEnd, position: position, sequence: nil, what: "the stream ends before it")
            }
        }
        return (lacking + changed.values + others).sorted {
            ($0.position ?? 0, $0.sequence ?? 0) < ($1.position ?? 0, $1.sequence ?? 0)
        }
    }

    private mutating func order(_ message: ReplicaMessage, at position: Int64) {
        if message.epoch > epoch {
            epoch = message.epoch
        } else if message.epoch < epoch {
            note(.unordered, message, "of epoch \(message.epoch), behind messages of \(epoch)")
        } else if let last, position == last {
            note(.twice, message, "a second time, right behind the first")
        } else if let last, position < last {
            note(.unordered, message, "behind position \(last)")
        }
        if position <= reached, first != nil { copies += 1 }
        // A beginning that was purged and copied again stands behind what was left.
        first = min(first ?? position, position)
        reached = max(reached, position)
        last = position
    }

    private mutating func change(_ message: ReplicaMessage, _ position: Int64, _ what: String) {
        guard changed.count < Self.mostDifferences else { return }
        changed[position] = ReplicaDifference(
            kind: .changed, position: position, sequence: message.sequence, what: what)
    }

    private mutating func note(_ kind: ReplicaDifference.Kind, _ message: ReplicaMessage, _ what: String) {
        guard others.count < Self.mostDifferences else { return }
        others.append(
            ReplicaDifference(kind: kind, position: message.position, sequence: message.sequence, what: what))
    }
}
