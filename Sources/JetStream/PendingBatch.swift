/// The one acknowledgement of ``JetStreamContext/publishAtomicallyPipelined(_:timeout:)`` or
/// ``JetStreamContext/publishChained(_:timeout:)``, on its way.
public struct PendingBatch: Sendable {
    let core: ConnectionCore
    let promise: Promise<Result<PubAck, JetStreamError>>
    let token: UInt64
    /// How many messages there are.
    public let count: Int

    /// The outcome for all messages together, at the latest after the batch's time-out. When the connection is lost it
    /// is `disconnected` at once; when the task is cancelled, `cancelled`. Then, as after a `timeout`, it is not known
    /// whether the batch was stored; an atomic one was stored whole or not at all.
    public func outcome() async -> Result<PubAck, JetStreamError> {
        await withTaskCancellationHandler {
            await promise.value
        } onCancel: {
            core.abandon(token, NATSError(.cancelled, "the task was cancelled"))
        }
    }
}
