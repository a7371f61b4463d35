import Logging
import TestSupport
import Testing

@testable import Payments

@Suite("Stripe: waiting for leave")
struct StripeGateTests {
    @Test("one that is cancelled while it waits takes nobody's turn")
    func letsGo() async throws {
        let gate = StripeGate(StripeGateLimits(concurrency: 1), logger: .test)
        let first = try await gate.enter("x")
        let given = Task { try await gate.enter("x") }
        given.cancel()
        await #expect(throws: CancellationError.self) { try await given.value }
        let next = Task { try await gate.enter("x") }
        gate.leave(first, .answered)
        gate.leave(try await next.value, .answered)
        _ = try await gate.enter("x")
    }

    @Test("many at once all come through, never more than so many together")
    func servesAll() async throws {
        let gate = StripeGate(StripeGateLimits(concurrency: 3), logger: .test)
        let most = MaximumInside()
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    let pass = try await gate.enter("x")
                    most.enter()
                    await Task.yield()
                    most.leave()
                    gate.leave(pass, .answered)
                }
            }
        }
        #expect(most.seen == 200)
        #expect(most.maximum <= 3)
    }

    @Test("when Stripe does not answer, those who wait are told so")
    func refuses() async throws {
        let gate = StripeGate(StripeGateLimits(concurrency: 1, failures: 1), logger: .test)
        let first = try await gate.enter("x")
        let waiting = Task { try await gate.enter("payment_intents.create") }
        gate.leave(first, .failed)
        let error = try await #require(throws: StripeError.self) { try await waiting.value }
        #expect(error.kind == .unavailable)
        #expect(error.operation == "payment_intents.create")
    }
}
