import Logging
import Metrics
import Postgres

/// One stretch of leading: from reading the stream's tail to the first thing that makes it necessary to read it again.
struct RelayRun {
    /// Why the stretch ended.
    enum End {
        case stopped
        /// Read the tail again at once.
        case again
        /// The broker takes nothing at the moment: nothing is lost, it only waits.
        case waitForBroker(String)
    }

    /// A batch handed to the broker.
    private struct Flight {
        let pending: any PendingPublish
        let positions: [Int64]
        /// Where the cursor is once it is stored.
        let end: RelayCursor
        let traced: [RelayTrace.Event]
        let started: ContinuousClock.Instant
    }

    let reader: LedgerReader
    let broker: any RelayBroker
    let configuration: RelayConfiguration
    let metrics: RelayMetrics
    let logger: Logger
    let wakeup: Wakeup

    private let trace: RelayTrace?
    private var gaps = GapRule()
    private var limit: BatchLimit
    private var skipped: Set<Int64> = []
    private var flights: [Flight] = []
    /// Read and handed over up to here.
    private var sent = RelayCursor.beginning
    /// Stored up to here.
    private var stored = RelayCursor.beginning
    /// Stored, and not written to the cursor yet: that goes with the next read.
    private var unsaved: RelayCursor?
    private var stallBegan: ContinuousClock.Instant?
    private var stallReported: ContinuousClock.Instant?
    private var lagMeasured: ContinuousClock.Instant?
    private var streamLooked: ContinuousClock.Instant?

    init(
        reader: LedgerReader, broker: any RelayBroker, configuration: RelayConfiguration, metrics: RelayMetrics,
        logger: Logger, wakeup: Wakeup
    ) {
        self.reader = reader
        self.broker = broker
        self.configuration = configuration
        self.limit = BatchLimit(most: configuration.batchSize)
        self.metrics = metrics
        self.logger = logger
        self.wakeup = wakeup
        self.trace = configuration.isTracing ? RelayTrace(stream: configuration.stream) : nil
    }

    mutating func relay(goesOn: () -> Bool, progressed: () -> Void) async throws -> End {
        let tail: StreamTail
        do {
            tail = try await broker.tail(of: configuration.stream)
        } catch {
            return .waitForBroker("\(error)")
        }
        try await RelayStep.tailRead.passed()
        try await begin(at: tail)

        var poll = configuration.busyPoll
        while goesOn() {
            if let end = try await lookAtStream(progressed) { return end }
            let isWaitingForGap = gaps.isWaiting
            let count = flights.count < configuration.batchesInFlight ? try await sendNext() : 0
            if count > 0 { poll = configuration.busyPoll }
            if !flights.isEmpty && (count == 0 || flights.count == configuration.batchesInFlight) {
                if let end = try await settleFirst() { return end }
                progressed()
            } else if count == 0 {
                try await measureLag()
                await wakeup.wait(upTo: poll)
                // While a hole is open the poll stays short: what it waits for may end at any moment.
                poll =
                    isWaitingForGap
                    ? min(poll * 2, .milliseconds(20), configuration.idlePoll) : min(poll * 2, configuration.idlePoll)
            }
        }
        while !flights.isEmpty {
            if let end = try await settleFirst() { return end }
        }
        if let unsaved { try await reader.save(unsaved) }
        return .stopped
    }

    private mutating func begin(at tail: StreamTail) async throws {
        let known = try await reader.cursor() ?? .beginning
        var (cursor, lost) = try await reader.start(tail: tail)
        // Behind the cursor the ledger is whole: it was written after the rows, and is as old as they are.
        if cursor.position > known.position, try await !reader.has(tail.event, at: tail.position) {
            reportLedgerLoss(tail, known)
            cursor = RelayCursor(position: known.position, sequence: tail.sequence, epoch: known.epoch + 1)
        }
        if lost > 0 {
            metrics.rewinds.increment()
            logger.error(
                "stream lost its tail, copying it again from the ledger",
                metadata: [
                    "from_position": "\(cursor.position)", "lost_positions": "\(lost)", "epoch": "\(cursor.epoch)",
                ])
        }
        try await reportMissing(after: cursor.position)
        try await reader.save(cursor)
        skipped = try await reader.skipped(after: cursor.position)
        sent = cursor
        stored = cursor
    }

    /// The stream's last events are not in the ledger: nobody can take them back, so they stay, and what the ledger has
    /// behind the cursor is copied behind them. Going on at the tail's position would lose each new event below it.
    private func reportLedgerLoss(_ tail: StreamTail, _ known: RelayCursor) {
        metrics.ledgerLosses.increment()
        logger.critical(
            "ledger lost events that its stream has, copying all behind the cursor again",
            metadata: [
                "stream_position": "\(tail.position ?? 0)", "from_position": "\(known.position)",
                "epoch": "\(known.epoch + 1)",
            ])
    }

    /// Says so when the ledger begins later than the stream goes on: what lies between was dropped with its partition.
    private func reportMissing(after position: Int64) async throws {
        let first = try await reader.firstPosition()
        guard position + 1 < first else { return }
        metrics.unrecoverable.increment(by: first - position - 1)
        logger.error(
            "stream lost events that the ledger does not have any more",
            metadata: ["from_position": "\(position + 1)", "first_position": "\(first)"])
    }

    /// Sees from time to time whether the stream is still what it was, also while there is nothing to relay: its end
    /// may be lost, its beginning purged.
    private mutating func lookAtStream(_ progressed: () -> Void) async throws -> End? {
        guard streamLooked.map({ .now - $0 >= configuration.streamPoll }) ?? true else { return nil }
        while !flights.isEmpty {
            if let end = try await settleFirst() { return end }
            progressed()
        }
        streamLooked = .now
        let extent: StreamExtent
        do {
            extent = try await broker.extent(of: configuration.stream, beyond: stored.firstSequence)
        } catch {
            return .waitForBroker("\(error)")
        }
        guard extent.lastSequence == stored.sequence else { return .again }
        if let head = extent.head { try await refill(from: head) }
        return nil
    }

    /// Copies again what was purged from the stream's beginning.
    ///
    /// That it has gone back is not written down before the first of it is stored: until then whoever leads next sees the
    /// same, and does the same.
    private mutating func refill(from head: StreamHead) async throws {
        guard let start = try await reader.refillStart(head, relayed: stored.position) else {
            stored.firstSequence = head.sequence
            sent.firstSequence = head.sequence
            unsaved = stored
            return
        }
        metrics.refills.increment()
        logger.error(
            "stream was purged, copying it again from the ledger",
            metadata: [
                "from_position": "\(start)", "first_sequence": "\(head.sequence)", "epoch": "\(stored.epoch + 1)",
            ])
        stored.position = start
        stored.epoch += 1
        sent = stored
        sent.firstSequence = head.sequence
        unsaved = nil
        skipped = try await reader.skipped(after: start)
    }

    /// Reads the next rows and hands over those that may go.
    /// - Returns: how many rows were passed; 0 when there is nothing to do.
    private mutating func sendNext() async throws -> Int {
        let wasWaiting = gaps.isWaiting
        let (rows, holders) = try await reader.read(
            after: sent.position, limit: limit.rows, askingHolders: wasWaiting, saving: unsaved,
            withTimes: trace != nil)
        if unsaved != nil { try await RelayStep.cursorSaved.passed() }
        unsaved = nil
        try await RelayStep.rowsRead.passed()
        if wasWaiting { gaps.update(holders: holders) }
        let positions = try rows.map { try $0.get(0, as: Int64.self) }
        let admission = gaps.admit(positions, after: sent.position)
        if admission.isStopped {
            // Asked for after the hole was seen: whoever may fill it is among them, or has ended.
            if !gaps.isWaiting, let last = positions.last {
                gaps.note(holders: try await reader.holders(), upTo: last)
            }
            if admission.count == 0 {
                metrics.wait.show(.gap)
                try await reportStall()
            }
        } else {
            stallBegan = nil
            stallReported = nil
            metrics.stallSeconds.record(0)
            metrics.wait.show(nil)
        }
        guard admission.count > 0 else {
            // A hole that nobody can fill any more is passed by reading once again, now.
            return admission.isStopped && !gaps.isWaiting ? try await sendNext() : 0
        }
        try await send(rows.prefix(admission.count))
        return admission.count
    }

    private mutating func send(_ rows: Slice<PostgresRows>) async throws {
        var messages: [LedgerMessage] = []
        messages.reserveCapacity(rows.count)
        var last = sent.position
        var bytes = 0
        var traced: [RelayTrace.Event] = []
        for row in rows {
            let message = try reader.message(row, epoch: sent.epoch)
            last = message.position
            bytes += message.payload.count
            guard !skipped.contains(last) else { continue }
            messages.append(message)
            if trace != nil, let event = RelayTrace.Event(message, occurredAt: try row.get(4)) { traced.append(event) }
        }
        limit.note(rows: rows.count, bytes: bytes)
        let after = sent.sequence
        sent.position = last
        sent.sequence += UInt64(messages.count)
        guard !messages.isEmpty else { return }
        let started = ContinuousClock.now
        let pending = await broker.publish(messages, to: configuration.stream, after: after)
        flights.append(
            Flight(
                pending: pending, positions: messages.map(\.position), end: sent, traced: traced, started: started))
        try await RelayStep.handedOver.passed()
    }

    /// Waits for the oldest batch.
    /// - Returns: how the stretch ends when the batch was not stored; nil to go on.
    private mutating func settleFirst() async throws -> End? {
        let flight = flights.removeFirst()
        let outcome = await flight.pending.outcome()
        metrics.publish.record(duration: ContinuousClock.now - flight.started)
        switch outcome {
        case .stored:
            try await RelayStep.acknowledged.passed()
            let hasProgressed = flight.end.position > stored.position
            stored = flight.end
            trace?.stored(flight.traced, after: .now - flight.started)
            metrics.batches.increment()
            metrics.relayed.increment(by: Int64(flight.positions.count))
            if hasProgressed { unsaved = stored }
            return nil
        case .unknown(let reason):
            await drain()
            try await RelayStep.drained.passed()
            return .waitForBroker(reason)
        case .refused(let index, let refusal):
            metrics.refusals.increment()
            try await RelayStep.refused.passed()
            await drain()
            try await RelayStep.drained.passed()
            return try await end(
                after: refusal, position: flight.positions[index],
                sequence: flight.end.sequence - UInt64(flight.positions.count - index - 1))
        }
    }

    /// - Parameter sequence: the place in the stream that the refused message was meant for.
    private mutating func end(
        after refusal: PublishRefusal, position: Int64, sequence: UInt64
    ) async throws -> End {
        switch refusal {
        case .wrongSequence:
            logger.notice("stream's tail moved, reading it again", metadata: ["position": "\(position)"])
            return .waitForBroker("another writer moved the stream's tail")
        case .duplicate:
            let tail: StreamTail
            do {
                tail = try await broker.tail(of: configuration.stream)
            } catch {
                return .waitForBroker("\(error)")
            }
            // An earlier copy that arrived late is at its place. Else the dedupe remembers what the stream has lost,
            // and would go on swallowing it: other message ids from here.
            if tail.sequence < sequence {
                logger.warning(
                    "broker's dedupe remembers a message that the stream has not",
                    metadata: ["position": "\(position)", "sequence": "\(sequence)"])
                stored.epoch += 1
                try await reader.save(stored)
            }
            return .again
        case .unacceptable(let reason):
            try await reader.deadLetter(position: position, error: reason)
            metrics.deadLetters.increment()
            logger.error(
                "event dead-lettered: no stream takes it",
                metadata: ["position": "\(position)", "error": "\(reason)"])
            return .again
        case .indivisible(let reason):
            logger.info("batch refused as a whole, publishing singly", metadata: ["error": "\(reason)"])
            return .again
        case .unavailable(let reason):
            return .waitForBroker(reason)
        }
    }

    /// What was handed over behind a refused batch is refused too; wait until the broker has said so.
    private mutating func drain() async {
        for flight in flights { _ = await flight.pending.outcome() }
        flights = []
    }

    private mutating func reportStall() async throws {
        let now = ContinuousClock.now
        guard let began = stallBegan else {
            stallBegan = now
            return
        }
        let age = now - began
        metrics.stallSeconds.record(age / .seconds(1))
        guard age > .seconds(1), stallReported.map({ now - $0 > .seconds(10) }) ?? true else { return }
        stallReported = now
        guard let stall = try await reader.stall() else { return }
        logger.warning(
            "relay waits for an open transaction that may still write an event",
            metadata: [
                "pid": "\(stall.pid)", "application": "\(stall.application)",
                "age_seconds": "\(stall.seconds)", "position": "\(sent.position)",
            ])
    }

    private mutating func measureLag() async throws {
        let now = ContinuousClock.now
        guard lagMeasured.map({ now - $0 > .seconds(1) }) ?? true else { return }
        lagMeasured = now
        let lag = try await reader.lag(behind: stored.position)
        metrics.lagEvents.record(lag.events)
        metrics.lagSeconds.record(lag.seconds)
    }
}
