import Outbox
import Postgres

/// Ends holds whose time is over: one job a reservation, scheduled by the transaction that made it.
struct ExpireReservations: JobHandler {
    let kind = StockBookStore.expiryKind
    let batchSize: Int
    /// While one batch is written, the next is read.
    let concurrency = 2
    let retry = RetryPolicy(maxAttempts: 10, base: .milliseconds(500), cap: .seconds(60))
    let store: StockBookStore

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let commands = try jobs.map { job in
            let payload = try job.decode(StockBookStore.ExpiryPayload.self)
            return StockCommand.expire(orderID: payload.orderId, reservationID: payload.reservationId)
        }
        var book = try await store.load(for: commands, in: transaction)
        // A hold that has ended before, or was extended meanwhile, is left alone; an extension has a job of its own.
        for command in commands { _ = try book.apply(command) }
        try store.save(book, in: transaction)
        return .done
    }
}
