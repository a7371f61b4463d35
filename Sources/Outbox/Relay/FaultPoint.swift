#if DEBUG
    import Foundation
    import Synchronization

    /// Where this process is to die, as by `kill -9`: in debug builds only, for tests that restart a real relay.
    ///
    /// `ARTESANOS_FAULT_POINT=relay.acknowledged:3` kills it at the third batch that was acknowledged, before the cursor
    /// is written. The names are those of ``RelayStep``.
    final class FaultPoint: Sendable {
        static let key = "ARTESANOS_FAULT_POINT"

        /// The one in the environment; nil when there is none.
        static let ofProcess: FaultPoint? = {
            guard let text = ProcessInfo.processInfo.environment[key], !text.isEmpty else { return nil }
            guard let point = FaultPoint(text) else {
                let steps = RelayStep.allCases.map { "relay.\($0.rawValue)" }.joined(separator: ", ")
                fatalError("\(key): \"\(text)\" was given; expected <step>:<how many times>, with a step of \(steps)")
            }
            return point
        }()

        private let step: RelayStep
        private let passing: Int
        private let passings = Atomic(0)

        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].hasPrefix("relay."), let passing = Int(parts[1]), passing > 0,
                let step = RelayStep(rawValue: String(parts[0].dropFirst("relay.".count)))
            else { return nil }
            self.step = step
            self.passing = passing
        }

        func passed(_ step: RelayStep) {
            guard step == self.step, passings.add(1, ordering: .relaxed).newValue == passing else { return }
            kill(getpid(), SIGKILL)
        }
    }
#endif
