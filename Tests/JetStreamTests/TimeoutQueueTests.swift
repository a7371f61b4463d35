import Synchronization
import TestSupport
import Testing

@testable import JetStream

@Suite struct TimeoutQueueTests {
    @Test func timeoutsComeInTheOrderOfTheirTimes() async throws {
        let queue = TimeoutQueue()
        let fired = Mutex<[Int]>([])
        for milliseconds in [60, 20, 80, 40] {
            _ = queue.schedule(after: .milliseconds(milliseconds)) { fired.withLock { $0.append(milliseconds) } }
        }
        try await eventually("all") { fired.withLock { $0.count } == 4 }
        #expect(fired.withLock { $0 } == [20, 40, 60, 80])
    }

    @Test func cancelledOnesDoNotCome() async throws {
        let queue = TimeoutQueue()
        let fired = Mutex<[Int]>([])
        var ids: [TimeoutQueue.ID] = []
        for number in 0..<1_000 {
            ids.append(queue.schedule(after: .milliseconds(50)) { fired.withLock { $0.append(number) } })
        }
        for (number, id) in ids.enumerated() where number != 500 { queue.cancel(id) }
        let last = Promise<Void>()
        _ = queue.schedule(after: .milliseconds(100)) { last.resolve(()) }
        await last.value
        #expect(fired.withLock { $0 } == [500])
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
