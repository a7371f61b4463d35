import Foundation

/// Collects the figures of a benchmark, prints each as a line and keeps all in a JSON file.
///
/// A line reads `bench <name> <value> <unit> ratio <r> of <baseline>`; without a baseline it ends after the unit.
/// The file holds the newest figure of each name, so that several benchmarks can share it.
struct BenchReport {
    struct Entry: Codable {
        var name: String
        var value: Double
        var unit: String
        /// `value` divided by the baseline's, so that more is better where `unit` is a rate.
        var ratio: Double?
        /// What it was compared with, measured in the same run.
        var baseline: String?
        var measuredAt: Date
    }

    static let defaultPath = "bench/latest.json"

    private let file: URL
    private let isQuiet: Bool
    private(set) var entries: [Entry] = []

    /// - Parameter isQuiet: whether the lines are left out, for those who print something else.
    init(path: String = Self.defaultPath, isQuiet: Bool = false) {
        file = URL(fileURLWithPath: path)
        self.isQuiet = isQuiet
    }

    /// Adds a figure and prints its line.
    mutating func add(_ name: String, _ value: Double, _ unit: String, ratio: Double? = nil, of baseline: String? = nil)
    {
        entries.append(
            Entry(name: name, value: value, unit: unit, ratio: ratio, baseline: baseline, measuredAt: Date()))
        var line = "bench \(name) \(Self.short(value)) \(unit)"
        if let ratio, let baseline { line += " ratio \(Self.short(ratio)) of \(baseline)" }
        if !isQuiet { print(line) }
    }

    /// The figures of this run, as they stand in the file.
    func json() throws -> Data { try Self.encode(entries) }

    private static func encode(_ entries: [Entry]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(entries)
    }

    /// Writes the figures over those of the same names in the file.
    func write() throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let kept = (try? decoder.decode([Entry].self, from: Data(contentsOf: file))) ?? []
        let names = Set(entries.map(\.name))
        let all = (kept.filter { !names.contains($0.name) } + entries).sorted { $0.name < $1.name }
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Self.encode(all).write(to: file, options: .atomic)
    }

    private static func short(_ value: Double) -> String {
        String(format: abs(value) >= 100 ? "%.0f" : abs(value) >= 10 ? "%.1f" : "%.3f", value)
    }
}

extension Array where Element == Double {
    /// The middle value; of an even number of values the lower middle one. Zero when there are none.
    var median: Double { isEmpty ? 0 : sorted()[(count - 1) / 2] }
}
