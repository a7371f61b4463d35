import Foundation
import Synchronization

/// Says on standard error how far a load is: on one line of a terminal, on a line every few seconds elsewhere.
final class LoadProgress: Sendable {
    private let total: Int
    private let lastShown = Mutex<ContinuousClock.Instant?>(nil)
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(total: Int) { self.total = total }

    func show(placed: Int, ended: Int) {
        let pause: Duration = isTerminal ? .milliseconds(400) : .seconds(5)
        let isDue = lastShown.withLock { last in
            let now = ContinuousClock.now
            guard ended == total || last.map({ now - $0 >= pause }) ?? true else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let text = "placed \(placed), ended \(ended) of \(total)"
        if isTerminal {
            Output.progress(text)
        } else {
            Output.error(text)
        }
    }
}
