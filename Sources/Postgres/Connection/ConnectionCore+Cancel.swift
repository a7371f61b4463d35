import CLibPQ

/// What libpq needs to ask the server to cancel, independent of the connection and its thread.
///
/// `@unchecked Sendable`: PQcancel reads the structure, never changes it, and is documented as safe to call from any
/// thread.
final class CancelHandle: @unchecked Sendable {
    private let handle: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let handle = PQgetCancel(connection) else { return nil }
        self.handle = handle
    }

    deinit { PQfreeCancel(handle) }

    /// Asks the server to cancel what the connection is running. Blocks until the server has passed the signal on.
    func cancel() {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
            _ = PQcancel(handle, message.baseAddress, Int32(message.count))
        }
    }
}

extension ConnectionCore {
    /// Sends a cancel request on a thread of its own. Until it has arrived the connection sends nothing new, so that it
    /// cannot hit a later query. A signal that comes between two statements of a pipeline is ignored by the server, so it
    /// is sent again while the request runs; after ``cancelTimeout`` the connection is given up.
    func sendCancel(_ request: Request) {
        if withState({ _ in request.cancelAttempts }) == 1 {
            reactor.schedule(after: Self.cancelTimeout) { [weak self] in self?.giveUp(request) }
        }
        let isStarted = SystemThread.start { [self] in
            cancelHandle?.cancel()
            cancelArrived(request)
        }
        if !isStarted { cancelArrived(request) }
    }

    private func cancelArrived(_ request: Request) {
        let attempts = withState { state in
            state.endCancelling()
            return state.active === request ? request.cancelAttempts : nil
        }
        guard let attempts else { return }
        reactor.schedule(after: .milliseconds(min(25 << attempts, 1000))) { [weak self] in
            self?.withState { $0.beginCancelling(request) }
        }
    }

    private func giveUp(_ request: Request) {
        withState { state in
            guard state.active === request else { return }
            state.close(
                PostgresError(.cancelled, "the server did not end the cancelled query; the connection was closed"))
        }
    }
}
