/// What a relay has just done. Between any two of these a process may die, and the promises D2 to D5, D8 and D9 hold
/// nevertheless; in a debug build each is a fault point for the tests. A release build has none.
enum RelayStep: String, CaseIterable, Sendable {
    /// The stream's lock is held.
    case locked
    case tailRead
    /// The cursor is written: at the start, behind an acknowledged batch, or with a new epoch.
    case cursorSaved
    case rowsRead
    /// A hole was seen, and who may still fill it was asked.
    case holdersAsked
    case handedOver
    /// A batch was acknowledged; the cursor does not say so yet.
    case acknowledged
    case refused
    /// All that was handed over behind a refused batch has been answered.
    case drained
    case deadLettered

    /// Told of the step: kills this process when ``FaultPoint`` says so, or throws what a test's observer throws.
    func passed() async throws {
        #if DEBUG
            FaultPoint.ofProcess?.passed(faultPlace)
            try await Self.observer?(self)
        #endif
    }

    #if DEBUG
        /// As ``FaultPoint`` names it.
        var faultPlace: String { "relay.\(rawValue)" }

        /// What a test does at the steps of the relays that it runs in its task. An error ends the relay's run there,
        /// with everything that it has in memory.
        @TaskLocal static var observer: (@Sendable (RelayStep) async throws -> Void)?
    #endif
}
