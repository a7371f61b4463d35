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
    let livemode: Bool
    let logger: Logger

    var kind: String { PaymentJobKind.reconcileEvents }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: .max, base: .seconds(1), cap: .seconds(60)) }

    /// Pages of a hundred that one run reads; the next run goes on from there.
    private static let maxPages = 100

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        do {
            let cursor = try await StripeEventCursor.read(transaction)
            let read = try await read(from: cursor, lookback: lookback)
            try await take(read)
            if let settled = settled(read, cursor) { settled.save(transaction) }
        } catch let error as StripeError {
            logger.warning("stripe's events could not be listed", metadata: [LogKey.error: "\(error)"])
        }
        return .again(after: interval)
    }

    /// The events after the cursor, oldest first.
    private func read(from cursor: StripeEventCursor, lookback: Duration) async throws -> [StripeEvent] {
        guard let id = cursor.eventID else { return try await read(since: cursor.createdAt(lookback: lookback)) }
        var events: [StripeEvent] = []
        var last = id
        do {
            for _ in 0..<Self.maxPages {
                let page = try await stripe.listEvents(
                    StripeEventQuery(types: StripeEventRule.handledTypes.sorted(), endingBefore: last))
                events += page.data.reversed()
                guard page.hasMore, let newest = page.data.first else { break }
                last = newest.id
            }
            return events
        } catch let error as StripeError where error.code == "resource_missing" {
            // The event is older than Stripe keeps them.
            return try await read(since: cursor.createdAt(lookback: lookback))
        }
    }

    private func read(since: Date) async throws -> [StripeEvent] {
        var events: [StripeEvent] = []
        for _ in 0..<Self.maxPages {
            let page = try await stripe.listEvents(
                StripeEventQuery(
                    types: StripeEventRule.handledTypes.sorted(), startingAfter: events.last?.id,
                    createdSince: Int64(since.timeIntervalSince1970)))
            events += page.data
            guard page.hasMore, !page.data.isEmpty else { break }
        }
        return events.reversed()
    }

    private func take(_ read: [StripeEvent]) async throws {
        guard !read.isEmpty else { return }
        let known = try await StripeEventCursor.known(read.map(\.id), on: pool)
        for event in read where !known.contains(event.id) {
            guard event.livemode == livemode else { continue }
            do {
                let result = try await events.take(event, from: .reconciliation)
                guard !result.isDuplicate, result.state != .ignored else { continue }
                events.ledger.metrics.gap("event")
                events.ledger.metrics.lag(Date().timeIntervalSince(event.created))
            } catch let error as PostgresError where error.isTransient {
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
