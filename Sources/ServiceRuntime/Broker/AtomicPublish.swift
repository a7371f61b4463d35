import JetStream
import Outbox

/// A batch published in one step.
struct AtomicPublish: PendingPublish {
    let task: Task<Result<PubAck, JetStreamError>, Never>
    let lastSequence: UInt64
    /// Told when the batch was refused as a whole for the sake of one message, which it does not name.
    let publishSingly: @Sendable () -> Void

    func outcome() async -> PublishOutcome {
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        switch result {
        case .success(let ack) where ack.sequence == lastSequence:
            return .stored(lastSequence: ack.sequence)
        case .success(let ack):
            return .unknown("the batch ends at \(ack.sequence) instead of \(lastSequence)")
        case .failure(let error):
            switch error.kind {
            case .batchRejected, .messageTooLarge, .invalidArgument, .noResponders, .api:
                // Which message it was, single publishing will tell.
                publishSingly()
                return .refused(index: 0, .indivisible(error.description))
            default:
                return PublishVerdict.failure(error, index: 0).outcome(after: lastSequence)
            }
        }
    }
}
