import CNATS

/// What libnats is given to hand back with a connection's callbacks. Retained by ``retain()`` when a session is
/// opened; released by ``release(_:)`` in the connection's closed callback, the last one, or by the opener if the
/// connection never came about (then libnats calls none).
final class SessionBox: Sendable {
    let core: ConnectionCore
    let generation: UInt64

    init(core: ConnectionCore, generation: UInt64) {
        self.core = core
        self.generation = generation
    }

    func retain() -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(self).toOpaque()
    }

    static func release(_ closure: UnsafeMutableRawPointer) {
        Unmanaged<SessionBox>.fromOpaque(closure).release()
    }

    static func from(_ closure: UnsafeMutableRawPointer) -> SessionBox {
        Unmanaged<SessionBox>.fromOpaque(closure).takeUnretainedValue()
    }
}

/// The same for a subscription. Retained by ``retain()`` when it is made; released by ``release(_:)`` in its
/// on-complete callback, which its delivery thread calls last.
final class SubscriptionBox: Sendable {
    let target: any MessageTarget
    let completed: @Sendable () -> Void

    init(target: any MessageTarget, completed: @escaping @Sendable () -> Void) {
        self.target = target
        self.completed = completed
    }

    func retain() -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(self).toOpaque()
    }

    static func release(_ closure: UnsafeMutableRawPointer) {
        Unmanaged<SubscriptionBox>.fromOpaque(closure).release()
    }

    static func from(_ closure: UnsafeMutableRawPointer) -> SubscriptionBox {
        Unmanaged<SubscriptionBox>.fromOpaque(closure).takeUnretainedValue()
    }
}

/// The C functions that libnats calls, on threads of its own. None of them blocks.
enum NATSCallbacks {
    static let disconnected: natsConnectionHandler = { connection, closure in
        guard let closure else { return }
        let box = SessionBox.from(closure)
        box.core.sessionLost(box.generation, reason: NATSLibrary.lastError(of: connection) ?? "connection lost")
    }

    static let closed: natsConnectionHandler = { connection, closure in
        guard let closure else { return }
        let box = SessionBox.from(closure)
        box.core.sessionLost(box.generation, reason: NATSLibrary.lastError(of: connection) ?? "connection closed")
        box.core.sessionEnded(box.generation)
        SessionBox.release(closure)
    }

    static let failed: natsErrHandler = { connection, _, status, closure in
        guard let closure else { return }
        let text = NATSLibrary.lastError(of: connection) ?? NATSLibrary.text(status)
        let code: NATSError.Code =
            switch status {
            case NATS_NOT_PERMITTED: .permission
            case NATS_SLOW_CONSUMER: .slowConsumer
            case NATS_CONNECTION_AUTH_FAILED: .authorization
            default: .other
            }
        SessionBox.from(closure).core.reported(NATSError(code, text))
    }

    static let message: natsMsgHandler = { _, _, message, closure in
        guard let message else { return }
        let received = ReceivedMessage(taking: message)
        guard let closure else { return }
        SubscriptionBox.from(closure).target.receive(received)
    }

    static let completed: natsOnCompleteCB = { closure in
        guard let closure else { return }
        SubscriptionBox.from(closure).completed()
        SubscriptionBox.release(closure)
    }
}
