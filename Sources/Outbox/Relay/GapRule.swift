/// When a hole in the positions may be passed.
///
/// A position is given out before its row can be seen, so a hole is either a transaction still under way or one that
/// ended without the row. The transaction took its lock on the outbox before it was given the position. So: note who
/// holds that lock *after* the hole was seen; once none of those is left, and the rows read after that still show the
/// hole, nothing can fill it any more. Transaction ids play no part (they do not follow the order of the commits), and
/// a transaction that never touched the outbox delays nothing.
struct GapRule: Equatable {
    /// Transactions that may still fill a position, up to the highest one that had been seen when they were noted.
    struct Note: Equatable {
        let upTo: Int64
        var holders: Set<String>
    }

    private(set) var note: Note?
    /// Holes up to here are dead in rows that are read from now on.
    private(set) var clearedUpTo: Int64 = 0

    /// Whether the holders are to be asked for before the next read.
    var isWaiting: Bool { note != nil }

    /// How many of the rows may be published, and whether a hole stopped them.
    /// - Parameters:
    ///   - positions: ascending, all above `last`.
    ///   - last: the position before them.
    func admit(_ positions: [Int64], after last: Int64) -> Admission {
        var previous = last
        for (index, position) in positions.enumerated() {
            if position != previous + 1 && position - 1 > clearedUpTo {
                return Admission(count: index, isStopped: true)
            }
            previous = position
        }
        return Admission(count: positions.count, isStopped: false)
    }

    /// Notes who held the lock, asked for after a hole was seen in rows up to `upTo`.
    mutating func note(holders: Set<String>, upTo: Int64) {
        if holders.isEmpty {
            clearedUpTo = max(clearedUpTo, upTo)
            note = nil
        } else {
            note = Note(upTo: upTo, holders: holders)
        }
    }

    /// Takes the holders asked for before a new read; the rows read after this are judged by ``admit(_:after:)``.
    mutating func update(holders current: Set<String>) {
        guard var note else { return }
        let left = note.holders.intersection(current)
        if left.count < note.holders.count {
            // A prepared transaction keeps its name while the server runs (before Postgres 14 not even that), but after
            // a restart it is called `-1/xid`: one of those may be a noted one.
            note.holders = left.union(current.filter { $0.hasPrefix("-1/") })
        }
        if note.holders.isEmpty {
            clearedUpTo = max(clearedUpTo, note.upTo)
            self.note = nil
        } else {
            self.note = note
        }
    }

    /// What ``admit(_:after:)`` answers.
    struct Admission: Equatable {
        let count: Int
        let isStopped: Bool
    }
}
