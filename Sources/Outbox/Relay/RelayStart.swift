/// What the relay's cursor says: how far the stream was when it was last written.
struct RelayCursor: Equatable, Sendable {
    var position: Int64
    var sequence: UInt64
    /// Counts the rewinds. It is part of the message ids behind a rewind, so that the broker's dedupe cannot swallow
    /// what the stream has lost.
    var epoch: Int32
    /// The stream's first sequence: what was missing before it is accounted for (aged out, or copied again). 0: not
    /// looked at yet.
    var firstSequence: UInt64 = 0

    static let beginning = RelayCursor(position: 0, sequence: 0, epoch: 0)
}

/// Where the relay goes on, decided from the stream's tail and the cursor. The tail decides; the cursor only helps where
/// the tail's message is gone.
enum RelayStart: Equatable {
    /// The tail and the cursor agree, or the tail is ahead (the cursor was written late).
    case goOn(RelayCursor)
    /// The stream lost its tail, or was made anew: it is filled again from here.
    case rewind(RelayCursor, lost: Int64)
    /// The last message is gone (aged out or purged), and as many rows were relayed after the cursor was written.
    case countForward(by: Int64)
    /// The last message is gone, and the stream's last sequence is this many before the cursor's.
    case countBackward(by: Int64)

    static func decide(tail: StreamTail, cursor: RelayCursor?) -> RelayStart {
        let known = cursor ?? .beginning
        if tail.sequence == 0 {
            // A cursor at position 0 may be that of a relay that had just gone back to copy a purged stream again.
            return known.position == 0 && known.sequence == 0
                ? .goOn(known)
                : .rewind(RelayCursor(position: 0, sequence: 0, epoch: known.epoch + 1), lost: known.position)
        }
        if let position = tail.position {
            return position >= known.position
                ? .goOn(
                    RelayCursor(
                        position: position, sequence: tail.sequence, epoch: known.epoch,
                        firstSequence: known.firstSequence))
                : .rewind(
                    RelayCursor(position: position, sequence: tail.sequence, epoch: known.epoch + 1),
                    lost: known.position - position)
        }
        if tail.sequence == known.sequence { return .goOn(known) }
        return tail.sequence > known.sequence
            ? .countForward(by: Int64(tail.sequence - known.sequence))
            : .countBackward(by: Int64(known.sequence - tail.sequence))
    }
}
