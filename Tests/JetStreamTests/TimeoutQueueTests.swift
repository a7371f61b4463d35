import Synchronization
import TestSupport
import Testing

@testable import JetStream

@Suite struct TimeoutQueueTests {
    @Test func timeoutsComeInTheOrderOfTheirTimes() async throws {
        let queue = TimeoutQueue()
        let fired = Mutex<[Int]>([])
        for milliseconds in [3_000, 1_000, 4_000, 2_000] {
            _ = queue.schedule(after: .milliseconds(milliseconds)) { fired.withLock { $0.append(milliseconds) } }
        }
        try await eventually("all", within: .seconds(30)) { fired.withLock { $0.count } == 4 }
        #expect(fired.withLock { $0 } == [1_000, 2_000, 3_000, 4_000])
    }

    @Test func cancelledOnesDoNotCome() async throws {
        let queue = TimeoutQueue()
        let fired = Mutex<[Int]>([])
        let last = Promise<Void>()
        let ids = (0..<1_000).map { number in
            queue.schedule(after: .seconds(5)) { fired.withLock { $0.append(number) } }
        }
        // Also in the midst of the heap, while most of it is taken out.
        let kept = queue.schedule(after: .milliseconds(500)) { fired.withLock { $0.append(-1) } }
        _ = queue.schedule(after: .milliseconds(5_500)) { last.resolve(()) }
        for id in ids { queue.cancel(id) }
        queue.cancel(ids[0])
        await last.value
        queue.cancel(kept)
        #expect(fired.withLock { $0 } == [-1])
    }

    @Test func aPromiseKeepsItsFirstValueForAll() async {
        let promise = Promise<Int>()
        async let first = promise.value
        async let second = promise.value
        #expect(promise.resolve(1))
        #expect(!promise.resolve(2))
        #expect(await first == 1)
        #expect(await second == 1)
        #expect(await promise.value == 1)
        #expect(promise.isResolved)
    }
}
