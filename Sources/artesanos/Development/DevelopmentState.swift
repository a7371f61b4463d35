import Outbox
import Foundation
import LocalServers

/// Where the running development system is reached: written when it is ready, removed when it stops.
struct DevelopmentState: Codable, Sendable {
    /// The process that serves.
    let pid: Int32
    let startedAt: Date
    /// The settings, by their names, with which another command reaches the same databases, broker and services. No
    /// secrets: those are in files of their own.
    let settings: [String: String]
    /// Where the services are, by name.
    let services: [String: String]
    /// Where health and metrics of the relays are.
    let relay: String
    /// Stripe's stand-in; nil when payments talk to Stripe.
    let sandbox: String?

    /// The state of a system that runs; nil when none does (a state that a crash left behind does not count).
    static func ofRunning(in folder: DevelopmentFolder) -> DevelopmentState? {
        guard let data = try? Data(contentsOf: folder.state),
            let state = try? WireJSON.decode(DevelopmentState.self, from: data)
        else { return nil }
        // EPERM: it runs, as another user.
        guard kill(state.pid, 0) == 0 || errno == EPERM else { return nil }
        // A process that was killed just now, or whose parent has not taken notice yet, still has its id, but no ports.
        let ports = state.services.values.compactMap { URL(string: $0)?.port }
        return ports.contains { !FreePort.isFree($0) } ? state : nil
    }

    func write(in folder: DevelopmentFolder) throws {
        try DevelopmentSecret.writePrivately(Data(try WireJSON.encode(self)), to: folder.state)
    }

    static func remove(in folder: DevelopmentFolder) {
        try? FileManager.default.removeItem(at: folder.state)
    }
}
