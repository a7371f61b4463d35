import Logging
import Synchronization

/// The ledger under its lock, with its two ways out: the journal, and the work that takes time.
final class SandboxEngine: Sendable {
    /// What has to be done outside, as it comes up; read by the one dispatcher.
    let work: AsyncStream<SandboxLedger.Work>

    private let ledger: Mutex<SandboxLedger>
    private let journal: SandboxJournal?
    private let continuation: AsyncStream<SandboxLedger.Work>.Continuation
    private let logger: Logger

    /// - Throws: when the journal can't be read or written.
    init(_ configuration: StripeSandboxConfiguration, logger: Logger) throws {
        var state = SandboxLedger(configuration, seed: configuration.seed ?? UInt64.random(in: .min ... .max))
        journal = try configuration.journal.map { try SandboxJournal($0, ledger: &state) }
        (work, continuation) = AsyncStream.makeStream()
        self.logger = logger
        for item in state.work { continuation.yield(item) }
        state.work = []
        state.entries = []
        ledger = Mutex(state)
    }

    /// Runs an operation. What it changed is in the journal, and what it left to be done is on its way, when this
    /// returns or throws: an operation may fail and yet have changed something, as a declined charge does.
    func perform<Result: Sendable, Failure: Error>(
        _ operation: (inout SandboxLedger) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try ledger.withLock { (state) throws(Failure) -> Result in
            defer { flush(&state) }
            return try operation(&state)
        }
    }

    /// Forgets every object.
    func reset() {
        ledger.withLock { state in
            state.forgetAll()
            do {
                try journal?.clear()
            } catch {
                logger.error("stripe sandbox journal could not be cleared", metadata: ["error": "\(error)"])
            }
        }
    }

    private func flush(_ state: inout SandboxLedger) {
        if let journal, !state.entries.isEmpty {
            do {
                try journal.append(state.entries)
            } catch {
                logger.error("stripe sandbox journal could not be written", metadata: ["error": "\(error)"])
            }
        }
        state.entries = []
        for item in state.work { continuation.yield(item) }
        state.work = []
    }
}
