import Foundation
@testable import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct ReactorTests {
    private static func pollers() throws -> [any Poller] {
        #if os(Linux)
            [try EpollPoller(), try PollPoller()]
        #else
            [try PollPoller()]
        #endif
    }

    /// Two connected sockets, closed at the end.
    private func withSockets(_ body: (Int32, Int32) async throws -> Void) async throws {
        var ends: [Int32] = [-1, -1]
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        try await body(ends[0], ends[1])
    }

    @Test func pollersReportWhatIsReady() async throws {
        for poller in try Self.pollers() {
            try await withSockets { near, far in
                var ready: [SocketReadiness] = []
                try poller.add(socket: near, token: 7)
                poller.wait(milliseconds: 0, into: &ready)
                #expect(ready.isEmpty)
                write(far, "x", 1)
                poller.wait(milliseconds: 1000, into: &ready)
                #expect(ready.count == 1 && ready[0].token == 7 && ready[0].readable && !ready[0].writable)
                ready = []
                poller.setWriteInterest(true, socket: near, token: 7)
                poller.wait(milliseconds: 1000, into: &ready)
                #expect(ready.first?.writable == true)
                ready = []
                poller.remove(socket: near, token: 7)
                poller.wait(milliseconds: 0, into: &ready)
                #expect(ready.isEmpty)
            }
        }
    }

    @Test func wakeEndsAWait() throws {
        for poller in try Self.pollers() {
            var ready: [SocketReadiness] = []
            poller.wake()
            let start = ContinuousClock.now
            poller.wait(milliseconds: 60_000, into: &ready)
            #expect(ContinuousClock.now - start < .seconds(50))
            #expect(ready.isEmpty)
        }
    }

    @Test func timersRunInOrder() async throws {
        for poller in try Self.pollers() {
            let reactor = Reactor(poller: poller)
            let (fired, signal) = AsyncStream<Int>.makeStream()
            var expected: [(deadline: ContinuousClock.Instant, delay: Int)] = []
            for delay in [600, 200, 400, 0] {
                expected.append((.now + .milliseconds(delay), delay))
                reactor.schedule(after: .milliseconds(delay)) { signal.yield(delay) }
            }
            var order: [Int] = []
            for await delay in fired.prefix(4) { order.append(delay) }
            // By deadline: this thread may have been held up between two calls.
            expected.sort { $0.deadline < $1.deadline }
            #expect(order == expected.map(\.delay))
            #expect(ContinuousClock.now >= expected[3].deadline)
        }
    }

    @Test func handlersHearOfTheirSocketUntilTheyAreRemoved() async throws {
        final class Handler: ReactorHandler {
            let calls = Atomic(0)
            let socket: Int32
            init(socket: Int32) { self.socket = socket }

            func socketReady(readable: Bool, writable: Bool) {
                var byte: UInt8 = 0
                if readable, read(socket, &byte, 1) == 1 { calls.add(1, ordering: .relaxed) }
            }
        }
        for poller in try Self.pollers() {
            try await withSockets { near, far in
                let reactor = Reactor(poller: poller)
                let handler = Handler(socket: near)
                let token = try reactor.add(socket: near, handler: handler)
                write(far, "x", 1)
                try await eventually("the first byte is read") { handler.calls.load(ordering: .relaxed) == 1 }
                write(far, "y", 1)
                try await eventually("the second byte is read") { handler.calls.load(ordering: .relaxed) == 2 }
                reactor.remove(socket: near, token: token)
            }
        }
    }
}
