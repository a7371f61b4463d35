import JetStream
import TestSupport
import Testing

@Suite struct AcknowledgingTests {
    private func one(_ configure: (inout ConsumerConfiguration) -> Void = { _ in }) async throws -> (
        TestStream, PullConsumer, JetStreamDelivery
    ) {
        let stream = try await TestStream.make()
        try await stream.fill(1)
        let consumer = try await stream.consumer(configure)
        let delivery = try #require(try await consumer.fetch(1, max: 1).first)
        return (stream, consumer, delivery)
    }

    @Test func aDoubleAckIsKnownToTheServerWhenItReturns() async throws {
        let (stream, consumer, delivery) = try await one()
        #expect(try await stream.info(consumer).ackPending == 1)
        try await delivery.ackSync()
        let info = try await stream.info(consumer)
        #expect(info.ackPending == 0)
        #expect(info.ackFloor.stream == 1)
        await stream.connection.close()
    }

    @Test func aNakBringsTheMessageAgainAtOnce() async throws {
        let (stream, consumer, delivery) = try await one()
        #expect(delivery.nak())
        let again = try #require(try await consumer.fetch(1, max: 1).first)
        #expect(again.streamSequence == delivery.streamSequence)
        #expect(again.deliveryCount == 2)
        #expect(again.consumerSequence == 2)
        await stream.connection.close()
    }

    @Test func aNakWithDelayBringsItAgainAfterThat() async throws {
        let (stream, consumer, delivery) = try await one()
        let start = ContinuousClock.now
        delivery.nak(delay: .milliseconds(300))
        let again = try #require(try await consumer.fetch(1, max: 1).first)
        #expect(again.deliveryCount == 2)
        #expect(ContinuousClock.now - start >= .milliseconds(290))
        await stream.connection.close()
    }

    @Test func aTerminatedMessageDoesNotComeAgain() async throws {
        let (stream, consumer, delivery) = try await one { $0.ackWait = .milliseconds(200) }
        let advisories = try stream.connection.subscribe(
            "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.\(stream.name).\(consumer.durable)")
        try await stream.connection.flush()
        delivery.term(reason: "cannot be read")
        for await advisory in advisories {
            #expect(text(advisory.payload).contains("cannot be read"))
            break
        }
        #expect(try await consumer.fetch(max: 1, expires: .milliseconds(500)).isEmpty)
        #expect(try await stream.info(consumer).ackPending == 0)
        await stream.connection.close()
    }

    @Test func workInProgressHoldsBackRedelivery() async throws {
        let (stream, consumer, delivery) = try await one { $0.ackWait = .seconds(5) }
        let start = ContinuousClock.now
        // Longer than the ack wait; the fetches are what passes the time.
        while ContinuousClock.now - start < .seconds(6) {
            delivery.inProgress()
            #expect(try await consumer.fetch(max: 1, expires: .milliseconds(100)).isEmpty)
        }
        let again = try #require(try await consumer.fetch(1, max: 1).first)
        #expect(again.deliveryCount == 2)
        await stream.connection.close()
    }

    @Test func withoutAckItComesAgainUntilMaxDeliver() async throws {
        let (stream, consumer, first) = try await one {
            $0.backoff = [.milliseconds(50), .milliseconds(100)]
            $0.maxDeliver = 3
        }
        #expect(first.deliveryCount == 1)
        for expected in 2...3 {
            let again = try #require(try await consumer.fetch(1, max: 1).first)
            #expect(again.deliveryCount == expected)
        }
        #expect(try await consumer.fetch(max: 1, expires: .milliseconds(500)).isEmpty)
        await stream.connection.close()
    }

    @Test func anAckWithoutConnectionSaysFalse() async throws {
        let (stream, _, delivery) = try await one()
        await stream.connection.close()
        #expect(!delivery.ack())
        #expect(!delivery.nak())
        let error = await jetStreamError { () throws(JetStreamError) in try await delivery.ackSync() }
        #expect(error?.kind == .closed)
    }
}
