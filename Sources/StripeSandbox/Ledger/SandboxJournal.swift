import Foundation
import Synchronization

/// The file that lets the stand-in's objects outlive its process, as Stripe's do: one JSON line for each change, with all
/// the records that it changed, written before the answer goes out. A line is there whole or not at all, and so is the
/// change. It is not synced: it survives a killed process, not a power cut.
final class SandboxJournal: Sendable {
    private let handle: Mutex<FileHandle>

    /// Opens the file, and writes anew what it holds, without what was overwritten since.
    /// - Throws: ``Unreadable`` when the file holds what is not a journal; or when it can't be written.
    init(_ url: URL, ledger: inout SandboxLedger) throws {
        if let text = try? Data(contentsOf: url) {
            let decoder = JSONDecoder()
            var lines = text.split(separator: UInt8(ascii: "\n"))
            // A killed process may have left half a line at the end.
            if text.last != UInt8(ascii: "\n"), !lines.isEmpty { lines.removeLast() }
            ledger.restore(
                try lines.enumerated().flatMap { number, line in
                    do {
                        return try decoder.decode([JournalEntry].self, from: Data(line))
                    } catch {
                        throw Unreadable(path: url.path, line: number + 1)
                    }
                })
        }
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Self.lines(ledger.allEntries.map { [$0] }).write(to: url, options: .atomic)
        let file = try FileHandle(forWritingTo: url)
        try file.seekToEnd()
        handle = Mutex(file)
    }

    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        let line: Int

        var description: String {
            "line \(line) of \(path) is no change of Stripe's stand-in; without the file it starts with no payments"
        }
    }

    /// Appends a change: the records as it left them.
    func append(_ change: [JournalEntry]) throws {
        let data = try Self.lines([change])
        try handle.withLock { try $0.write(contentsOf: data) }
    }

    /// Forgets everything.
    func clear() throws {
        try handle.withLock { try $0.truncate(atOffset: 0) }
    }

    private static func lines(_ changes: [[JournalEntry]]) throws -> Data {
        let encoder = JSONEncoder()
        var data = Data()
        for change in changes {
            data += try encoder.encode(change)
            data.append(UInt8(ascii: "\n"))
        }
        return data
    }
}
