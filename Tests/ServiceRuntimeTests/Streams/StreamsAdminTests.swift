import JetStream
import LocalServers
import Logging
import Outbox
import TestSupport
import Testing

@testable import ServiceRuntime

/// Against a server of its own, because the names of the streams are the project's.
@Suite struct StreamsAdminTests {
    private func withServer(
        _ body: (NATSConnection, StreamsAdmin) async throws -> Void
    ) async throws {
        let server = try await LocalNATS.start()
        let connection = try await NATSConnection.connect(NATSConfiguration(servers: [server.url]), logger: .test)
        do {
            try await body(connection, StreamsAdmin(connection, logger: .test))
        } catch {
            await connection.close()
            await server.stop()
            throw error
        }
        await connection.close()
        await server.stop()
    }

    @Test func projectsFileIsAppliedAndThenNothingIsLeftToDo() async throws {
        let file = try StreamsFile.read(StreamsFileTests.repositoryFile)
        try await withServer { connection, admin in
            let first = try await admin.plan(file)
            #expect(first.changes.count == 10)
            #expect(first.changes.allSatisfy { $0.action == .create })
            try await admin.apply(first)
            let second = try await admin.plan(file)
            #expect(second.isEmpty, "\(second)")
            try await admin.apply(second)
            // An old plan is harmless too: creating what is there changes nothing.
            try await admin.apply(first)
            // The relay can store a large batch in one step.
            let broker = JetStreamBroker(connection, atomicBatches: .from(64))
            _ = try await broker.tail(of: "orders")
            let batch = (1...1_000).map {
                LedgerMessage(
                    position: $0, messageID: "orders-\($0)", subject: "order.created.v1", traceparent: nil,
                    payload: [UInt8](repeating: 120, count: 400))
            }
            #expect(await broker.publish(batch, to: "orders", after: 0).outcome() == .stored(lastSequence: 1_000))
            let info = try await JetStreamContext(connection).consumerInfo(stream: "orders", "payments-orders")
            #expect(info.configuration.maxDeliver == -1)
        }
    }

    @Test func changeIsAppliedWithoutTouchingWhatTheFileDoesNotSay() async throws {
        try await withServer { connection, admin in
            let context = JetStreamContext(connection)
            var existing = StreamConfiguration(name: "orders", subjects: ["order.>"])
            existing.maxMessagesPerSubject = 1_000
            existing.maxAge = .seconds(3_600)
            try await context.createStream(existing)
            let file = try StreamsFile.parse(
                """
                profiles: {development: {}}
                streams:
                  orders:
                    subjects: [order.>, extra.>]
                    max_age: 2h
                    consumers: {payments-orders: {ack_wait: 10s}}
                """, file: "f", profile: "development")
            try await admin.apply(try await admin.plan(file))
            let after = try await context.streamInfo("orders").configuration
            #expect(after.subjects?.sorted() == ["extra.>", "order.>"])
            #expect(after.maxAge == .seconds(7_200))
            #expect(after.maxMessagesPerSubject == 1_000)
            #expect(try await admin.plan(file).isEmpty)
        }
    }

    @Test func destructiveChangeIsRefusedBeforeAnythingIsDoneAndDoneWhenAllowed() async throws {
        try await withServer { connection, admin in
            let context = JetStreamContext(connection)
            var existing = StreamConfiguration(name: "b", subjects: ["b.>"])
            existing.storage = .memory
            try await context.createStream(existing)
            _ = try await context.publish(JetStreamMessage(subject: "b.x"))
            let file = try StreamsFile.parse(
                """
                profiles: {development: {}}
                streams:
                  a: {subjects: [a.>]}
                  b: {subjects: [b.>], storage: file, consumers: {c: {filter_subjects: [b.x]}}}
                """, file: "f", profile: "development")
            let plan = try await admin.plan(file)
            await #expect(throws: StreamsRefused.self) { try await admin.apply(plan) }
            #expect(try await context.streamNames() == ["b"])
            try await admin.apply(plan, allowDestructive: true)
            #expect(try await context.streamNames() == ["a", "b"])
            let info = try await context.streamInfo("b")
            #expect(info.configuration.storage == .file)
            #expect(info.state.lastSequence == 0)
            #expect(try await admin.plan(file).isEmpty)
        }
    }
}
