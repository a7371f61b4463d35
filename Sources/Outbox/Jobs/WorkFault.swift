#if DEBUG
    import Foundation
    import Synchronization

    /// Where this process is to die, as by `kill -9`, between an effect and what makes it known: in debug builds only, for
    /// tests that restart a real service.
    ///
    /// `ARTESANOS_WORK_FAULT=consumer.orders-payments:2` kills it when that consumer has committed its second batch, before
    /// it acknowledges; `job.payment.create-intent:1` when a job of that kind has run, whatever it called outside included,
    /// before its COMMIT.
    final class WorkFault: Sendable {
        static let key = "ARTESANOS_WORK_FAULT"

        /// The one in the environment; nil when there is none.
        static let ofProcess: WorkFault? = {
            guard let text = ProcessInfo.processInfo.environment[key], !text.isEmpty else { return nil }
            guard let fault = WorkFault(text) else {
                fatalError("\(key): \"\(text)\" was given; expected consumer.<name>:<n> or job.<kind>:<n>")
            }
            return fault
        }()

        private let place: String
        private let passing: Int
        private let passings = Atomic(0)

        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0].hasPrefix("consumer.") || parts[0].hasPrefix("job."),
                let passing = Int(parts[1]), passing > 0
            else { return nil }
            place = parts[0]
            self.passing = passing
        }

        func passed(_ place: String) {
            guard place == self.place, passings.add(1, ordering: .relaxed).newValue == passing else { return }
            kill(getpid(), SIGKILL)
        }
    }
#endif
