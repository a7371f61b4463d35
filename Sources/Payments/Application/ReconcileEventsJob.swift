import Foundation
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Lists Stripe's events from where it last was, and takes those that no webhook has brought: through the same intake, so
/// that it makes no difference how an event comes.
struct ReconcileEventsJob: JobHandler {
    let stripe: StripeClient
    let events: StripeEventIntake
    let pool: PostgresPool
    let interval: Duration
    let overlap: Duration
    let lookback: Duration
    /// How old an event is at least that counts as one that no webhook brought.
    let gapAge: Duration
    let livemode: Bool
    let logger: Logger
    /// Pages that one run reads; the next run goes on from there.
    var maxPages = 100
    /// Events a page, 1 to 100.
    var pageSize = 100

    var kind: String { PaymentJobKind.reconcileEvents }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: .max, base: .seconds(1), cap: .seconds(60)) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        do {
            let cursor = try await StripeEventCursor.read(transaction)
            let read = try await read(from: cursor)
            try await take(read, now: cursor.now)
            if let settled = settled(read, cursor) { settled.save(transaction) }
        } catch let error as StripeError {
            // That nothing is asked for is told once, where it is decided.
            logger.log(
                level: error.disposition == .unsent ? .debug : .warning, "stripe's events could not be listed",
                metadata: [LogKey.error: "\(error)"])
        }
        return .again(after: interval)
    }

    /// The events after the cursor, oldest first.
    private func read(from cursor: StripeEventCursor) async throws -> [StripeEvent] {
        if let id = cursor.eventID {
            do {
                return try await read(after: id)
            } catch let error as StripeError where error.code == "resource_missing" {
                // The event is older than Stripe keeps them.
            }
        }
        guard let oldest = try await oldest(since: cursor.createdAt(lookback: lookback), now: cursor.now) else {
            return []
        }
        return try await ([oldest.event].compactMap { $0 }) + read(after: oldest.id)
    }

    private func read(after id: String) async throws -> [StripeEvent] {
        var events: [StripeEvent] = []
        var last = id
        for _ in 0..<maxPages {
            let page = try await list(StripeEventQuery(types: Self.types, endingBefore: last))
            events += page.data.reversed()
            guard page.hasMore, let newest = page.firstID else { break }
            last = newest
        }
        return events
    }

    /// The oldest event since a time: from there on they are listed oldest first, however many there are. Listed from the
    /// newest back, those beyond the last page that is read would never be seen.
    private func oldest(since: Date, now: Date) async throws -> (id: String, event: StripeEvent?)? {
        var from = Int64(since.timeIntervalSince1970)
        // Stripe's clock may be a little ahead of the database's.
        let end = Int64(now.timeIntervalSince1970) + 300
        var width: Int64 = 600
        while from < end {
            var query = StripeEventQuery(types: Self.types, createdSince: from, createdBefore: from + width)
            var page = try await list(query)
            while page.hasMore, let last = page.lastID {
                query.startingAfter = last
                page = try await list(query)
            }
            if let id = page.lastID { return (id, page.data.last { $0.id == id }) }
            from += width
            width = min(width * 2, 86_400)
        }
        return nil
    }

    private static let types = StripeEventRule.handledTypes.sorted()

    private func list(_ query: StripeEventQuery) async throws -> StripeList<StripeEvent> {
        var query = query
        query.limit = pageSize
        let page = try await stripe.listEvents(query)
        for event in page.unreadable {
            events.ledger.metrics.webhook(type: "", outcome: "event_malformed")
            logger.error(
                "stripe's list has an event that cannot be read", metadata: [LogKey.eventID: "\(event.id ?? "")"])
        }
        return page
    }

    private func take(_ read: [StripeEvent], now: Date) async throws {
        var lag: TimeInterval = 0
        // Also when there was nothing: the gauge is of the latest run.
        defer { events.ledger.metrics.lag(lag) }
        guard !read.isEmpty else { return }
        let known = try await StripeEventCursor.known(read.map(\.id), on: pool)
        for event in read where !known.contains(event.id) {
            guard event.livemode == livemode else { continue }
            do {
                let result = try await events.take(event, from: .reconciliation)
                let age = now.timeIntervalSince(event.created)
                // A webhook that is on its way is no gap.
                guard !result.isDuplicate, result.state != .ignored, age >= gapAge / .seconds(1) else { continue }
                events.ledger.metrics.gap("event")
                lag = max(lag, age)
            } catch let error as PostgresError where StripeEventIntake.isPassing(error) {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                // It is kept as failed; the others are not to wait for it.
                logger.error(
                    "stripe event could not be applied",
                    metadata: [LogKey.eventID: "\(event.id)", LogKey.error: "\(error)"])
            }
        }
    }

    /// Where the next run begins: before the newest events, because one that is older may become visible after them.
    private func settled(_ read: [StripeEvent], _ cursor: StripeEventCursor) -> StripeEventCursor? {
        let latest = cursor.now.addingTimeInterval(-(overlap / .seconds(1)))
        guard let event = read.last(where: { $0.created <= latest }) else { return nil }
        return StripeEventCursor(eventID: event.id, eventCreatedAt: event.created, now: cursor.now)
    }
}
