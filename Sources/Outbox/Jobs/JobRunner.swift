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
        /// What is due is in the hands of others: not to be asked for again and again.
        var isTaken = false
        while goesOn {
            do {
                // One round trip when there is nothing to do.
                let look = try await worker.look()
                if !look.isDue || isTaken {
                    let isTold = await wakeup.wait(upTo: min(look.next ?? poll, poll))
                    guard isTold || look.isDue || look.next.map({ $0 <= poll }) ?? false else { continue }
                }
                var count: Int
                repeat {
                    guard goesOn else { return }
                    count = try await worker.runDue()
                    isTaken = count == 0
                    // A full batch means that there may be more.
                } while count >= max(1, handler.batchSize)
                if isInterrupted { logger.info("jobs go on", metadata: ["kind": "\(handler.kind)"]) }
                isInterrupted = false
                backoff.reset()
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
