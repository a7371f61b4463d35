/// The acknowledgements of ``JetStreamContext/publishPipelined(_:timeout:)``, on their way.
public struct PendingAcks: Sendable {
    let core: ConnectionCore
    let window: PublishWindow
    let token: UInt64
    /// How many messages there are.
    public let count: Int

    /// One outcome for each message, in order, once all are there; at the latest after the window's time-out. When the
    /// connection is lost, what is not acknowledged yet fails with `disconnected` at once; when the task is cancelled,
    /// with `cancelled`. Of those, as of a `timeout`, it is not known whether they were stored.
    public func outcomes() async -> [Result<PubAck, JetStreamError>] {
        await withTaskCancellationHandler {
            await window.outcomes.value
        } onCancel: {
            core.abandon(token, NATSError(.cancelled, "the task was cancelled"))
        }
    }

    /// True once all outcomes are there.
    public var isComplete: Bool { window.outcomes.isResolved }
}
