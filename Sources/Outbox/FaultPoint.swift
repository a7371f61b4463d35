#if DEBUG
    import Foundation
    import Synchronization

    /// Where this process is to die, as by `kill -9`, between an effect and what makes it known: in debug builds only, for
    /// tests that restart a real relay or service.
    ///
    /// `ARTESANOS_FAULT_POINT=relay.acknowledged:3` kills it at the third batch that was acknowledged, before the cursor
    /// is written (the names are those of ``RelayStep``); `consumer.orders-payments:2` when that consumer has committed its
    /// second batch, before it acknowledges; `job.payment.create-intent:1` when a job of that kind has run, whatever it
    /// called outside included, before its COMMIT; `http.POST /orders:1` when a request has done what it was made for,
    /// before it is answered.
    package final class FaultPoint: Sendable {
        static let key = "ARTESANOS_FAULT_POINT"

        /// The one in the environment; nil when there is none.
        package static let ofProcess: FaultPoint? = {
            guard let text = ProcessInfo.processInfo.environment[key], !text.isEmpty else { return nil }
            guard let point = FaultPoint(text) else {
                let steps = RelayStep.allCases.map(\.faultPlace).joined(separator: ", ")
                fatalError(
                    "\(key): \"\(text)\" was given; expected <place>:<how many times>, with a place of "
                        + "consumer.<name>, job.<kind>, http.<method> <route>, \(steps)")
            }
            return point
        }()

        private let place: String
        private let passing: Int
        private let passings = Atomic(0)

        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let passing = Int(parts[1]), passing > 0 else { return nil }
            guard
                ["consumer.", "job.", "http."].contains(where: parts[0].hasPrefix)
                    || RelayStep.allCases.contains(where: { $0.faultPlace == parts[0] })
            else { return nil }
            place = parts[0]
            self.passing = passing
        }

        /// Dies here if this is the place, and it has been passed so often.
        package func passed(_ place: String) {
            guard place == self.place, passings.add(1, ordering: .relaxed).newValue == passing else { return }
            kill(getpid(), SIGKILL)
        }
    }
#endif
