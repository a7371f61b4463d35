import Foundation

/// The folder in which the development system keeps everything: data, keys, log, and where it is reached.
struct DevelopmentFolder: Sendable {
    let url: URL

    /// - Parameter path: relative to the working directory; `.dev` unless told otherwise.
    init(_ path: String = ".dev") {
        url = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
    }

    var postgres: URL { url.appendingPathComponent("postgres", isDirectory: true) }
    var nats: URL { url.appendingPathComponent("nats", isDirectory: true) }
    /// Stripe's stand-in keeps its objects here, so that a payment outlives the process as it would at Stripe.
    var sandboxJournal: URL { url.appendingPathComponent("stripe-sandbox.journal") }
    var log: URL { url.appendingPathComponent("logs/artesanos.log") }
    var state: URL { url.appendingPathComponent("state.json") }
    var ports: URL { url.appendingPathComponent("ports.json") }
    var jwtSecret: URL { url.appendingPathComponent("jwt-secret") }
    var webhookSecret: URL { url.appendingPathComponent("stripe-webhook-secret") }

    /// Makes the folder and the log's.
    func make() throws {
        try FileManager.default.createDirectory(at: log.deletingLastPathComponent(), withIntermediateDirectories: true)
    }

    /// The path as a person would type it from here.
    var shownPath: String { Self.shown(url) }

    static func shown(_ url: URL) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return url.path.hasPrefix(here) ? String(url.path.dropFirst(here.count)) : url.path
    }
}
