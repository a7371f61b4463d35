import Outbox
import Foundation
import LocalServers

/// The ports of the development system: configured ones as they are; else the ones of the last run, or the usual ones,
/// as long as they are free; else free ones, which are remembered.
struct PortChooser {
    private let file: URL
    private let environment: [String: String]
    private var known: [String: Int]
    private var taken: Set<Int> = []
    /// What the person who started it should know.
    private(set) var notes: [String] = []

    init(_ folder: DevelopmentFolder, environment: [String: String]) {
        file = folder.ports
        self.environment = environment
        known = (try? Data(contentsOf: file)).flatMap { try? WireJSON.decode([String: Int].self, from: $0) } ?? [:]
    }

    /// A port, by the setting that configures it.
    /// - Parameters:
    ///   - name: the setting, such as `ORDERS_PORT`.
    ///   - usual: the port that people expect; nil: any will do.
    /// - Throws: `UsageFailure` when the configured port is none, or is taken by another program.
    mutating func port(_ name: String, usual: Int? = nil) throws -> Int {
        if let text = environment[name], !text.isEmpty, text != "0" {
            guard let port = Int(text), (1...65_535).contains(port) else {
                throw UsageFailure("\(name): \"\(text)\" was given; expected a whole number from 1 to 65535")
            }
            guard isFree(port) else { throw UsageFailure("\(name): the port \(port) is taken by another program") }
            return take(port, for: name)
        }
        if let usual, isFree(usual) { return take(usual, for: name) }
        if let port = known[name], isFree(port) {
            if let usual { notes.append("port \(usual) is taken by another program: using \(port) (\(name) sets it)") }
            return take(port, for: name)
        }
        var port = try FreePort.next()
        while taken.contains(port) { port = try FreePort.next() }
        if let usual { notes.append("port \(usual) is taken by another program: using \(port) (\(name) sets it)") }
        return take(port, for: name)
    }

    /// Remembers the ports for the next run.
    func save() throws {
        try Data(try WireJSON.encode(known)).write(to: file, options: .atomic)
    }

    private mutating func take(_ port: Int, for name: String) -> Int {
        taken.insert(port)
        known[name] = port
        return port
    }

    private func isFree(_ port: Int) -> Bool { !taken.contains(port) && FreePort.isFree(port) }
}
