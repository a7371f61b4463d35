import JetStream
import Outbox

/// A batch of which only the last message is answered, for all: an atomic one, or one in which each message is refused
/// unless the one before it was stored.
struct BatchPublish: PendingPublish {
    let batch: PendingBatch
    let lastSequence: UInt64
    /// Told when something was refused and the answer does not name the message: single publishing will.
    let publishSingly: @Sendable () -> Void
    let isAtomic: Bool

    func outcome() async -> PublishOutcome {
        switch await batch.outcome() {
        case .success(let ack) where ack.sequence == lastSequence && !ack.isDuplicate:
            return .stored(lastSequence: ack.sequence)
        case .success(let ack):
            publishSingly()
            return .unknown("the batch ends at \(ack.sequence) instead of \(lastSequence)")
        case .failure(let error):
            switch error.kind {
            case .batchRejected, .messageTooLarge, .invalidArgument, .noResponders, .api: break
            // Of a chain: either somebody else published, or a message before the last one was refused.
            case .wrongLastSequence where !isAtomic: break
            default: return PublishVerdict.failure(error, index: 0).outcome(after: lastSequence)
            }
            publishSingly()
            return .refused(index: 0, .indivisible(error.description))
        }
    }
}
