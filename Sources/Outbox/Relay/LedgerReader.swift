import Postgres

/// The relay's side of the database: reading the ledger, and the cursor.
struct LedgerReader {
    let connection: PostgresConnection
    let stream: String

    /// A batch of rows above `position`; with `askingHolders`, who held the outbox's lock just *before* they were read;
    /// with `cursor`, that is saved too; `withTimes` adds when each was made. One round trip, in which each statement has a snapshot of its own.
    func read(
        after position: Int64, limit: Int, askingHolders: Bool, saving cursor: RelayCursor?,
        withTimes: Bool
    ) async throws -> (rows: PostgresRows, holders: Set<String>) {
        var statements: [BoundStatement] = []
        if let cursor { statements.append(saveStatement(cursor)) }
        if askingHolders { statements.append(RelaySQL.holders.bind()) }
        let read = withTimes ? RelaySQL.readWithTimes : RelaySQL.read
        statements.append(read.bind(position, Int64(limit)))
        let results = try await connection.pipeline(statements)
        let holders = askingHolders ? try Self.holders(results[results.count - 2]) : []
        return (results[results.count - 1], holders)
    }

    func holders() async throws -> Set<String> {
        let holders = try Self.holders(try await connection.query(RelaySQL.holders.bind()))
        try await RelayStep.holdersAsked.passed()
        return holders
    }

    private static func holders(_ rows: PostgresRows) throws -> Set<String> {
        Set(try rows.map { try $0.get(0, as: String.self) })
    }

    /// A row as it goes to the broker.
    func message(_ row: PostgresRow, epoch: Int32) throws -> LedgerMessage {
        let position = try row.get(0, as: Int64.self)
        return LedgerMessage(
            position: position,
            messageID: stream + "-" + String(position) + (epoch == 0 ? "" : "-" + String(epoch)),
            subject: try row.get(1),
            traceparent: try row.get(3, as: String?.self),
            payload: try row.get(2, as: [UInt8].self))
    }

    func cursor() async throws -> RelayCursor? {
        guard let row = try await connection.query(RelaySQL.cursor.bind(stream)).first else { return nil }
        let (position, sequence, epoch, first) = try row.decode(Int64.self, Int64.self, Int32.self, Int64.self)
        return RelayCursor(
            position: position, sequence: UInt64(sequence), epoch: epoch, firstSequence: UInt64(first))
    }

    func save(_ cursor: RelayCursor) async throws {
        try await connection.query(saveStatement(cursor))
        try await RelayStep.cursorSaved.passed()
    }

    private func saveStatement(_ cursor: RelayCursor) -> BoundStatement {
        RelaySQL.saveCursor.bind(
            stream, cursor.position, Int64(cursor.sequence), cursor.epoch, Int64(cursor.firstSequence))
    }

    /// Where to go on, with the rows counted where the tail's own message is gone.
    func start(tail: StreamTail) async throws -> (cursor: RelayCursor, lost: Int64) {
        let known = try await cursor()
        switch RelayStart.decide(tail: tail, cursor: known) {
        case .goOn(let cursor):
            return (cursor, 0)
        case .rewind(let cursor, let lost):
            return (cursor, lost)
        case .countForward(let count):
            let known = known ?? .beginning
            let position = try await position(RelaySQL.positionAfter.bind(known.position, count, stream))
            return (
                RelayCursor(
                    position: position ?? known.position, sequence: tail.sequence, epoch: known.epoch,
                    firstSequence: known.firstSequence), 0
            )
        case .countBackward(let count):
            let known = known ?? .beginning
            let position = try await position(RelaySQL.positionBefore.bind(known.position, count, stream)) ?? 0
            return (
                RelayCursor(position: position, sequence: tail.sequence, epoch: known.epoch + 1),
                known.position - position
            )
        }
    }

    /// Whether the ledger still has what a message of the stream is a copy of. A promoted standby that was not up to
    /// date, or a backup, lacks the last events: new ones are given their positions again, or lie behind a gap.
    /// True when the message is not known.
    func has(_ event: [UInt8]?, at position: Int64?) async throws -> Bool {
        guard let position, let event else { return true }
        return try await connection.query(RelaySQL.hasEvent.bind(position, event)).first?.get(0) ?? true
    }

    private func position(_ statement: BoundStatement) async throws -> Int64? {
        try await connection.query(statement).first?.get(0)
    }

    /// Where to copy again from when what is gone from the stream's beginning did not go by the stream's own rules; nil
    /// when it did, or when that cannot be told. The rows just before the beginning are looked at: the stream loses
    /// its oldest messages first.
    /// - Parameter relayed: how far the stream got: there it begins when it is empty.
    func refillStart(_ head: StreamHead, relayed: Int64) async throws -> Int64? {
        let age: Duration?
        switch head.retention {
        case .everything: age = nil
        case .age(let limit): age = limit
        case .other: return nil
        }
        // A message of another ledger (a database made anew) has a position that says nothing about this one.
        guard try await has(head.event, at: head.position) else { return nil }
        return try await position(
            RelaySQL.refillStart.bind(head.position ?? relayed + 1, age?.microseconds, stream))
    }

    /// Where the ledger begins: what lay before was dropped with its partition.
    func firstPosition() async throws -> Int64 {
        try await connection.query(RelaySQL.firstPosition.bind()).first?.get(0, as: Int64?.self) ?? nil ?? 0
    }

    /// Positions that no stream takes, dead-lettered earlier.
    func skipped(after position: Int64) async throws -> Set<Int64> {
        Set(try await connection.query(RelaySQL.skipped.bind(stream, position)).map { try $0.get(0, as: Int64.self) })
    }

    func deadLetter(position: Int64, error: String) async throws {
        try await connection.query(RelaySQL.deadLetter.bind(position, stream, error))
        try await RelayStep.deadLettered.passed()
    }

    func lag(behind position: Int64) async throws -> (events: Int64, seconds: Double) {
        guard let row = try await connection.query(RelaySQL.lag.bind(position)).first else { return (0, 0) }
        let (events, seconds) = try row.decode(Int64.self, Double.self)
        return (max(0, events), seconds)
    }

    func stall() async throws -> (pid: Int32, application: String, seconds: Double)? {
        try await connection.query(RelaySQL.stall.bind()).first?.decode(Int32.self, String.self, Double.self)
    }
}
