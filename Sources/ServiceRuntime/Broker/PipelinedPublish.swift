import JetStream
import Outbox

/// A batch published message by message, each fenced by the one before it.
struct PipelinedPublish: PendingPublish {
    let acks: PendingAcks
    let after: UInt64
    /// Asks why nobody answered to the message at this index.
    let unanswered: @Sendable (Int) async -> PublishRefusal

    func outcome() async -> PublishOutcome {
        let verdict = PublishVerdict.of(await acks.outcomes(), after: after)
        guard case .unanswered(let index) = verdict else { return verdict.outcome(after: after) }
        return .refused(index: index, await unanswered(index))
    }
}

/// What the acknowledgements of a window mean: a pure function, because the relay's promises hang on it.
enum PublishVerdict: Equatable {
    case stored(count: Int)
    case refused(index: Int, PublishRefusal)
    case unknown(String)
    /// The message at this index reached nobody.
    case unanswered(index: Int)

    /// The first message that was not stored decides: all behind it were refused with it.
    static func of(_ results: [Result<PubAck, JetStreamError>], after: UInt64) -> PublishVerdict {
        for (index, result) in results.enumerated() {
            let place = after + UInt64(index) + 1
            switch result {
            case .success(let ack) where ack.isDuplicate:
                // Even at the right place: the dedupe may remember what the stream has lost. The relay looks.
                return .refused(index: index, .duplicate(sequence: ack.sequence))
            case .success(let ack) where ack.sequence == place:
                continue
            case .success(let ack):
                return .unknown("stored at \(ack.sequence) instead of \(place)")
            case .failure(let error):
                return failure(error, index: index)
            }
        }
        return .stored(count: results.count)
    }

    static func failure(_ error: JetStreamError, index: Int) -> PublishVerdict {
        switch error.kind {
        case .wrongLastSequence:
            .refused(index: index, .wrongSequence)
        case .invalidArgument, .messageTooLarge:
            .refused(index: index, .unacceptable(error.description))
        case .noResponders:
            .unanswered(index: index)
        case .api where error.errorCode == JetStreamErrorCode.expectedStreamDoesNotMatch:
            .refused(index: index, .unacceptable(error.description))
        case .timeout, .disconnected, .closed, .cancelled, .invalidAnswer:
            .unknown(error.description)
        case .outgoingFull, .streamNotFound, .consumerNotFound, .messageNotFound, .nameInUse, .batchRejected,
            .unavailable, .api:
            .refused(index: index, .unavailable(error.description))
        }
    }

    func outcome(after: UInt64) -> PublishOutcome {
        switch self {
        case .stored(let count): .stored(lastSequence: after + UInt64(count))
        case .refused(let index, let refusal): .refused(index: index, refusal)
        case .unknown(let reason): .unknown(reason)
        case .unanswered(let index): .refused(index: index, .unavailable("nobody answers"))
        }
    }
}
