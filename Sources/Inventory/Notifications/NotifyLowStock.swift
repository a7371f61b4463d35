import Contracts
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Tells the artisan that a shelf is nearly empty: a line in the log, and a post where a webhook is configured.
struct NotifyLowStock: EventHandler {
    static let types = [EventType.inventoryLowStock]

    let jobs: JobQueue
    /// Whether there is somebody to post to.
    let hasWebhook: Bool
    let logger: Logger

    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
        let data = try event.data(InventoryLowStock.self)
        if hasWebhook {
            // With the inbox row: it is posted for every event once it is committed, and scheduled once.
            try jobs.schedule(
                DeliverNotification.kind, key: event.id.lowercased,
                payload: DeliverNotification.Payload(
                    id: event.id.lowercased, event: String(decoding: event.json, as: UTF8.self)), in: transaction)
        }
        transaction.afterCommit { [logger] in
            logger.notice(
                "stock is low",
                metadata: [
                    LogKey.eventID: "\(event.id.lowercased)", LogKey.sku: "\(data.sku)",
                    LogKey.artisan: "\(data.artisanId)", LogKey.available: "\(data.available)",
                    LogKey.threshold: "\(data.threshold)",
                ])
        }
        return .applied
    }
}
