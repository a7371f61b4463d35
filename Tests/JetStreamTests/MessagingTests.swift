import JetStream
import LocalServers
import TestSupport
import Testing

/// Core NATS: publish, subscribe, request.
@Suite struct MessagingTests {
    @Test func messagesArriveInOrderWithHeadersAndPayload() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("m")
        let subscription = try connection.subscribe(subject + ".*")
        var headers: NATSHeaders = ["traceparent": "00-a-b-01", "value": "áéí: óú"]
        headers.add("traceparent", "second")
        for index in 0..<100 {
            try connection.publish(
                "\(subject).\(index)", headers: headers, payload: Array("\(index)".utf8), reply: "r.\(index)")
        }
        var index = 0
        for await message in subscription {
            #expect(message.subject == "\(subject).\(index)")
            #expect(message.reply == "r.\(index)")
            #expect(message.payload == Array("\(index)".utf8))
            #expect(message.headers.values("traceparent") == ["00-a-b-01", "second"])
            #expect(message.headers["value"] == "áéí: óú")
            index += 1
            if index == 100 { break }
        }
        await connection.close()
    }

    @Test func emptyMessagesAndLargeOnesPassUnchanged() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("m")
        let subscription = try connection.subscribe(subject)
        let large = (0..<900_000).map { UInt8(truncatingIfNeeded: $0) }
        try connection.publish(subject)
        try connection.publish(subject, payload: large)
        var received: [[UInt8]] = []
        for await message in subscription {
            received.append(message.payload)
            if received.count == 2 { break }
        }
        #expect(received == [[], large])
        await connection.close()
    }

    @Test func whatCannotBeSentIsRefusedAndTheConnectionLives() async throws {
        let connection = try await connect()
        let tooLarge = [UInt8](repeating: 0, count: (1 << 20) + 1)
        let almost = [UInt8](repeating: 0, count: 1 << 20)
        #expect(await natsError { () throws(NATSError) in try connection.publish("a b") }?.code == .invalidArgument)
        #expect(await natsError { () throws(NATSError) in try connection.publish("a.*") }?.code == .invalidArgument)
        #expect(
            await natsError { () throws(NATSError) in try connection.publish("a", reply: "b c") }?.code
                == .invalidArgument)
        #expect(await natsError { () throws(NATSError) in try connection.subscribe("a..b") }?.code == .invalidArgument)
        #expect(
            await natsError { () throws(NATSError) in try connection.subscribe("a", queue: "b c") }?.code
                == .invalidArgument)
        #expect(
            await natsError { () throws(NATSError) in try connection.publish("a", headers: ["x": "1\r\ny: 2"]) }?.code
                == .invalidArgument)
        #expect(
            await natsError { () throws(NATSError) in try connection.publish("a", headers: ["x y": "1"]) }?.code
                == .invalidArgument)
        #expect(
            await natsError { () throws(NATSError) in try connection.publish("a", payload: tooLarge) }?.code
                == .payloadTooLarge)
        // The server counts the headers too.
        #expect(
            await natsError { () throws(NATSError) in
                try connection.publish("a", headers: ["x": "y"], payload: almost)
            }?.code == .payloadTooLarge)
        try connection.publish("a", payload: almost)
        try await connection.flush()
        #expect(connection.isConnected)
        await connection.close()
    }

    @Test func aQueueGroupSharesTheMessages() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("q")
        let first = try connection.subscribe(subject, queue: "workers")
        let second = try connection.subscribe(subject, queue: "workers")
        let observer = try connection.subscribe(subject)
        for index in 0..<200 { try connection.publish(subject, payload: Array("\(index)".utf8)) }
        async let one = collect(first)
        async let two = collect(second)
        var seen = 0
        for await _ in observer {
            seen += 1
            if seen == 200 { break }
        }
        try await connection.flush()
        first.unsubscribe()
        second.unsubscribe()
        let (a, b) = await (one, two)
        #expect(a.count > 0 && b.count > 0)
        #expect(Set(a).isDisjoint(with: b))
        #expect(Set(a).union(b) == Set(0..<200))
        await connection.close()
    }

    private func collect(_ subscription: NATSSubscription) async -> [Int] {
        var numbers: [Int] = []
        for await message in subscription { numbers.append(number(message.payload)) }
        return numbers
    }

    @Test func unsubscribingDeliversWhatHasComeAndEndsTheLoop() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("u")
        let subscription = try connection.subscribe(subject)
        for index in 0..<50 { try connection.publish(subject, payload: Array("\(index)".utf8)) }
        try await connection.flush()
        subscription.unsubscribe()
        try connection.publish(subject, payload: Array("late".utf8))
        #expect(await collect(subscription) == Array(0..<50))
        await connection.close()
    }

    @Test func aRequestGetsItsOwnAnswer() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("r")
        let service = try connection.subscribe(subject)
        let server = Task {
            for await request in service {
                guard let reply = request.reply else { continue }
                try connection.publish(reply, headers: ["status": "ok"], payload: request.payload + [33])
            }
        }
        let answer = try await connection.request(subject, payload: [1, 2])
        #expect(answer.payload == [1, 2, 33])
        #expect(answer.headers["status"] == "ok")
        await connection.close()
        try await server.value
    }

    @Test func nobodyListeningIsAnErrorAtOnce() async throws {
        let connection = try await connect()
        let error = await natsError { () throws(NATSError) in
            try await connection.request(UniqueName.next("nobody"), timeout: .seconds(60))
        }
        #expect(error?.code == .noResponders)
        await connection.close()
    }

    @Test func anAnswerThatDoesNotComeIsATimeout() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("silent")
        let silent = try connection.subscribe(subject)
        let error = await natsError { () throws(NATSError) in
            try await connection.request(subject, timeout: .milliseconds(50))
        }
        #expect(error?.code == .timeout)
        #expect(error?.message.contains(subject) == true)
        _ = silent.dropped
        await connection.close()
    }

    @Test func aCancelledRequestEndsAtOnce() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("silent")
        let silent = try connection.subscribe(subject)
        let waiting = Task {
            await natsError { () throws(NATSError) in try await connection.request(subject, timeout: .seconds(60)) }
        }
        for await _ in silent { break }
        waiting.cancel()
        #expect(await waiting.value?.code == .cancelled)
        await connection.close()
    }

    @Test func sixtyFourTasksGetTheirOwnAnswers() async throws {
        let connection = try await connect()
        let subject = UniqueName.next("echo")
        let service = try connection.subscribe(subject)
        let server = Task {
            for await request in service {
                if let reply = request.reply { try connection.publish(reply, payload: request.payload) }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<64 {
                group.addTask {
                    for round in 0..<100 {
                        let payload = Array("\(task)/\(round)".utf8)
                        let answer = try await connection.request(subject, payload: payload, timeout: .seconds(60))
                        #expect(answer.payload == payload)
                    }
                }
            }
            try await group.waitForAll()
        }
        await connection.close()
        try await server.value
    }

    @Test func aSlowReaderLosesTheNewestAndIsTold() async throws {
        var configuration = testConfiguration(try await TestServers.nats().url)
        configuration.subscriptionBuffer = 10
        let connection = try await NATSConnection.connect(configuration, logger: quiet)
        let log = EventLog(connection)
        let subject = UniqueName.next("slow")
        let subscription = try connection.subscribe(subject)
        for index in 0..<100 { try connection.publish(subject, payload: Array("\(index)".utf8)) }
        try await eventually("messages dropped") { subscription.dropped == 90 }
        try await eventually("told once") { await log.events.filter { $0 == "error slowConsumer" }.count == 1 }
        subscription.unsubscribe()
        #expect(await collect(subscription) == Array(0..<10))
        await connection.close()
    }
}
