import Foundation
import JetStream
import TestSupport
import Testing

/// Streams and consumers.
@Suite struct AdministrationTests {
    private func configuration(_ name: String) -> StreamConfiguration {
        var configuration = StreamConfiguration(name: name, subjects: [name + ".b", name + ".a"])
        configuration.description = "For tests"
        configuration.retention = .limits
        configuration.storage = .file
        configuration.replicas = 1
        configuration.maxAge = .seconds(7 * 86_400)
        configuration.maxBytes = 1 << 30
        configuration.maxMessages = 1_000_000
        configuration.maxMessageSize = 1 << 16
        configuration.duplicateWindow = .seconds(120)
        configuration.discard = .old
        configuration.denyDelete = true
        configuration.allowRollup = true
        configuration.allowDirect = true
        configuration.allowAtomic = true
        configuration.metadata = ["owner": "orders"]
        configuration.subjectTransform = .init(source: name + ".b", destination: name + ".c")
        return configuration
    }

    @Test func aStreamIsCreatedAsAskedAndCreatingItAgainChangesNothing() async throws {
        let connection = try await connect()
        let js = JetStreamContext(connection, timeout: .seconds(60))
        let wanted = configuration(UniqueName.next("s"))
        let created = try await js.createStream(wanted)
        #expect(wanted.differences(from: created.configuration).isEmpty)
        #expect(created.configuration.maxAge == .seconds(7 * 86_400))
        #expect(created.configuration.metadata == ["owner": "orders"])
        #expect(created.state.lastSequence == 0)
        #expect(created.state.lastTime == nil)
        let again = try await js.createStream(wanted)
        #expect(again.created == created.created)
        #expect(abs(again.created.timeIntervalSinceNow) < 60)
        var other = wanted
        other.maxAge = .seconds(3_600)
        let error = await jetStreamError { () throws(JetStreamError) in try await js.createStream(other) }
        #expect(error?.kind == .nameInUse)
        #expect(error?.errorCode == JetStreamErrorCode.streamNameInUse)
        #expect(error?.code == 400)
        await connection.close()
    }

    @Test func differencesNameTheFieldsAndAnUpdateRemovesThem() async throws {
        let connection = try await connect()
        let js = JetStreamContext(connection, timeout: .seconds(60))
        let wanted = configuration(UniqueName.next("s"))
        try await js.createStream(wanted)
        var desired = StreamConfiguration(name: wanted.name)
        desired.maxAge = .seconds(3_600)
        desired.denyPurge = false
        desired.subjects = [wanted.name + ".a", wanted.name + ".b", wanted.name + ".d"]
        let current = try await js.streamInfo(wanted.name).configuration
        let differences = desired.differences(from: current)
        #expect(differences.map(\.field) == ["max_age", "subjects"])
        #expect(differences.first?.description == "max_age: 604800000000000 -> 3600000000000")
        let updated = try await js.updateStream(desired.filled(from: current)).configuration
        #expect(desired.differences(from: updated).isEmpty)
        #expect(updated.description == "For tests")
        #expect(updated.maxBytes == 1 << 30)
        await connection.close()
    }

    @Test func whatIsNotThereHasItsOwnErrors() async throws {
        let connection = try await connect()
        let js = JetStreamContext(connection, timeout: .seconds(60))
        let name = UniqueName.next("none")
        let noStream = await jetStreamError { () throws(JetStreamError) in try await js.streamInfo(name) }
        #expect(noStream?.kind == .streamNotFound)
        #expect(noStream?.code == 404)
        #expect(noStream?.errorCode == JetStreamErrorCode.streamNotFound)
        let noUpdate = await jetStreamError { () throws(JetStreamError) in
            try await js.updateStream(StreamConfiguration(name: name, subjects: [name]))
        }
        #expect(noUpdate?.kind == .streamNotFound)
        #expect(
            await jetStreamError { () throws(JetStreamError) in try await js.deleteStream(name) }?.kind
                == .streamNotFound)
        try await js.createStream(StreamConfiguration(name: name, subjects: [name]))
        let noConsumer = await jetStreamError { () throws(JetStreamError) in
            try await js.consumerInfo(stream: name, "c")
        }
        #expect(noConsumer?.kind == .consumerNotFound)
        #expect(noConsumer?.errorCode == JetStreamErrorCode.consumerNotFound)
        let badName = await jetStreamError { () throws(JetStreamError) in try await js.streamInfo("a.b") }
        #expect(badName?.kind == .invalidArgument)
        var replicated = StreamConfiguration(name: name + "_3", subjects: [name + "_3"])
        replicated.replicas = 3
        let refused = await jetStreamError { () throws(JetStreamError) in try await js.createStream(replicated) }
        #expect(refused?.kind == .api)
        #expect(refused?.message.isEmpty == false)
        await connection.close()
    }

    @Test func namesAreListedAndStreamsDeleted() async throws {
        let connection = try await connect()
        let js = JetStreamContext(connection, timeout: .seconds(60))
        let names = (0..<3).map { _ in UniqueName.next("list") }
        for name in names { try await js.createStream(StreamConfiguration(name: name, subjects: [name + ".>"])) }
        let listed = try await js.streamNames()
        #expect(Set(names).isSubset(of: listed))
        #expect(listed == listed.sorted())
        #expect(try await js.streamNames(subject: names[1] + ".x") == [names[1]])
        try await js.deleteStream(names[0])
        #expect(try await js.streamNames().contains(names[0]) == false)
        await connection.close()
    }

    @Test func purgingKeepsTheLastSequence() async throws {
        let stream = try await TestStream.make()
        try await stream.fill(10)
        #expect(try await stream.js.purgeStream(stream.name, upTo: 4) == 3)
        #expect(try await stream.js.streamInfo(stream.name).state.firstSequence == 4)
        #expect(try await stream.js.purgeStream(stream.name) == 7)
        let state = try await stream.js.streamInfo(stream.name).state
        #expect(state.messages == 0)
        #expect(state.lastSequence == 10)
        #expect(try await stream.js.lastMessage(stream: stream.name) == nil)
        await stream.connection.close()
    }

    @Test func aConsumerIsCreatedAsAskedAndCreatingItAgainChangesNothing() async throws {
        let stream = try await TestStream.make()
        var wanted = ConsumerConfiguration(
            durableName: "c", filterSubjects: [stream.name + ".b", stream.name + ".a"])
        wanted.description = "For tests"
        wanted.maxDeliver = 5
        wanted.backoff = [.milliseconds(100), .seconds(1)]
        wanted.maxAckPending = 2_000
        wanted.deliverPolicy = .all
        wanted.replicas = 1
        wanted.metadata = ["owner": "orders"]
        wanted.inactiveThreshold = .seconds(3_600)
        let created = try await stream.js.createConsumer(stream: stream.name, wanted)
        #expect(wanted.differences(from: created.configuration).isEmpty)
        #expect(created.configuration.backoff == [.milliseconds(100), .seconds(1)])
        #expect(created.name == "c")
        #expect(created.stream == stream.name)
        try await stream.js.createConsumer(stream: stream.name, wanted)
        var other = wanted
        other.maxAckPending = 10
        let error = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.createConsumer(stream: stream.name, other)
        }
        #expect(error?.kind == .nameInUse)
        #expect(other.differences(from: created.configuration).map(\.field) == ["max_ack_pending"])
        let updated = try await stream.js.updateConsumer(stream: stream.name, other)
        #expect(updated.configuration.maxAckPending == 10)
        #expect(try await stream.js.consumerNames(stream: stream.name) == ["c"])
        try await stream.js.deleteConsumer(stream: stream.name, "c")
        #expect(try await stream.js.consumerNames(stream: stream.name).isEmpty)
        let noUpdate = await jetStreamError { () throws(JetStreamError) in
            try await stream.js.updateConsumer(stream: stream.name, other)
        }
        #expect(noUpdate?.kind == .consumerNotFound)
        await stream.connection.close()
    }

    @Test func oneFilterAndAListOfOneAreTheSame() async throws {
        let stream = try await TestStream.make()
        let list = ConsumerConfiguration(durableName: "c", filterSubjects: [stream.name + ".a"])
        let created = try await stream.js.createConsumer(stream: stream.name, list).configuration
        var single = ConsumerConfiguration(durableName: "c")
        single.filterSubject = stream.name + ".a"
        #expect(list.differences(from: created).isEmpty)
        #expect(single.differences(from: created).isEmpty)
        single.filterSubject = stream.name + ".b"
        #expect(single.differences(from: created).map(\.field) == ["filter_subjects"])
        let updated = try await stream.js.updateConsumer(stream: stream.name, single.filled(from: created))
        #expect(single.differences(from: updated.configuration).isEmpty)
        await stream.connection.close()
    }

    @Test func messagesAreReadBySequenceAndSubject() async throws {
        let stream = try await TestStream.make()
        #expect(try await stream.js.lastMessage(stream: stream.name) == nil)
        var headers: NATSHeaders = ["Outbox-Position": "7"]
        headers.add("x", "1")
        headers.add("x", "2: b")
        let payload = (0...255).map { UInt8($0) }
        _ = try await stream.js.publish(JetStreamMessage(subject: stream.subject, headers: headers, payload: payload))
        try await stream.fill(1, from: 2)
        let first = try #require(try await stream.js.message(stream: stream.name, sequence: 1))
        #expect(first.subject == stream.subject)
        #expect(first.sequence == 1)
        #expect(first.payload == payload)
        #expect(first.headers["Outbox-Position"] == "7")
        #expect(first.headers.values("x") == ["1", "2: b"])
        #expect(abs(first.time.timeIntervalSinceNow) < 60)
        let last = try #require(try await stream.js.lastMessage(stream: stream.name))
        #expect(last.sequence == 2)
        #expect(last.headers.isEmpty)
        #expect(try await stream.js.lastMessage(stream: stream.name, subject: stream.name + ".*")?.sequence == 2)
        #expect(try await stream.js.lastMessage(stream: stream.name, subject: stream.name + ".other") == nil)
        #expect(try await stream.js.message(stream: stream.name, sequence: 3) == nil)
        await stream.connection.close()
    }
}
