public import Logging
import Metrics
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Runs the due jobs of some kinds: claimed with `for update skip locked`, run in the claiming transaction. A worker that
/// dies leaves nothing behind: its transaction ends, and the job is due as before.
public final class JobRunner: Service {
    private let handlers: [any JobHandler]
    private let queue: JobQueue
    private let pool: PostgresPool
    private let poll: Duration
    private let logger: Logger
    private let isStopping = Atomic(false)

    /// - Parameters:
    ///   - poll: the longest time between two looks when nothing is known to be due.
    public init(
        _ handlers: [any JobHandler], queue: JobQueue, pool: PostgresPool, poll: Duration = .milliseconds(500),
        logger: Logger
    ) {
        self.handlers = handlers
        self.queue = queue
        self.pool = pool
        self.poll = poll
        self.logger = logger
    }

    /// Runs until the task is cancelled or the service group shuts down gracefully: jobs that run are finished, no more
    /// are claimed.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for handler in handlers {
                    for _ in 0..<max(1, handler.concurrency) {
                        let wakeup = queue.wakeups.register(handler.kind)
                        group.addTask { await self.work(handler, wakeup: wakeup) }
                    }
                }
            }
        } onGracefulShutdown: {
            self.isStopping.store(true, ordering: .relaxed)
            self.queue.notify()
        }
    }

    private var goesOn: Bool { !isStopping.load(ordering: .relaxed) && !Task.isCancelled }

    private func work(_ handler: any JobHandler, wakeup: Wakeup) async {
        let worker = JobWorker(handler: handler, pool: pool, logger: logger)
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        var isInterrupted = false
        while goesOn {
            do {
                let count = try await worker.runDue()
                if isInterrupted { logger.info("jobs go on", metadata: ["kind": "\(handler.kind)"]) }
                isInterrupted = false
                backoff.reset()
                // A full batch means that there may be more.
                if count >= max(1, handler.batchSize) { continue }
                let due = try await worker.untilNextDue() ?? poll
                if due > .zero { await wakeup.wait(upTo: min(due, poll)) }
            } catch {
                guard goesOn else { return }
                if !isInterrupted {
                    logger.warning(
                        "jobs interrupted, will go on", metadata: ["kind": "\(handler.kind)", "error": "\(error)"])
                }
                isInterrupted = true
                await wakeup.wait(upTo: backoff.next())
            }
        }
    }
}
