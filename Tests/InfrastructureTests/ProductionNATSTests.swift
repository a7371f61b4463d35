import Foundation
import JetStream
import LocalServers
import Outbox
import ServiceRuntime
import TestSupport
import Testing

/// The users of infra/nats/production.conf may do their work and nothing else.
@Suite struct ProductionNATSTests {
    private enum User: String, CaseIterable {
        case relay, orders, payments, inventory, `operator`
    }

    /// A server with the accounts and permissions of the production configuration, and the project's streams.
    private final class ProductionServer {
        let server: LocalNATS
        private let keys: [User: NKeyPair]
        private let folder: URL

        init() async throws {
            let file = try RepositoryFile.text("infra/nats/production.conf")
            let start = try #require(file.range(of: "\norders_permissions"))
            let keys = Dictionary(uniqueKeysWithValues: User.allCases.map { ($0, NKeyPair()) })
            // What comes from the environment in production stands before the file's own text here.
            let variables = keys.map { "NATS_\($0.rawValue.uppercased())_NKEY: \"\($1.publicKey)\"" }
            let text = variables.joined(separator: "\n") + file[start.lowerBound...]
            server = try await LocalNATS.start(configuration: text, jetStream: "sync_interval: always")
            self.keys = keys
            folder = server.directory

            let admin = try await connect(.operator)
            let streams = try StreamsFile.read(RepositoryFile.url("infra/nats/streams.yaml").path)
            let administration = StreamsAdmin(admin, logger: .test)
            try await administration.apply(try await administration.plan(streams))
            await admin.close()
        }

        func connect(_ user: User) async throws -> NATSConnection {
            let key = try #require(keys[user])
            let file = folder.appendingPathComponent("\(user.rawValue).nk")
            try Data("\(key.seed)\n\(key.publicKey)\n".utf8).write(to: file)
            var configuration = NATSConfiguration.patient([server.url], name: user.rawValue)
            configuration.nkeySeedFile = file.path
            configuration.writesDirectly = user == .relay
            return try await NATSConnection.connect(configuration, logger: .test)
        }
    }

    private func message(_ position: Int64, _ subject: String) -> LedgerMessage {
        LedgerMessage(
            position: position, messageID: "orders-\(position)", subject: subject, traceparent: nil,
            payload: Array("{}".utf8))
    }

    @Test func relayFillsAStreamAndAServiceConsumesIt() async throws {
        let production = try await ProductionServer()
        let relay = try await production.connect(.relay)
        let relayBroker = JetStreamBroker(relay, atomicBatches: .from(3), publishTimeout: .seconds(60))
        #expect(try await relayBroker.tail(of: "orders").sequence == 0)
        // One batch message by message, one in one step.
        let single = await relayBroker.publish([message(1, "order.created.v1")], to: "orders", after: 0).outcome()
        let batch = (2...5).map { message($0, "order.confirmed.v1") }
        let atomic = await relayBroker.publish(batch, to: "orders", after: 1).outcome()
        let tail = try await relayBroker.tail(of: "orders")
        #expect(tail.sequence == 5 && tail.position == 5, "\(single) \(atomic)")

        let service = try await production.connect(.payments)
        let consumer = JetStreamContext(service).pullConsumer(stream: "orders", durable: "payments-orders")
        var received: [JetStreamDelivery] = []
        try await eventually("five events have come", within: .seconds(30)) {
            received += try await consumer.fetch(max: 10, expires: .milliseconds(500))
            return received.count == 5
        }
        for delivery in received { try await delivery.ackSync(timeout: .seconds(60)) }
        await service.close()
        await relay.close()
        await production.server.stop()
    }

    @Test func hintsOfAServiceReachTheRelay() async throws {
        let production = try await ProductionServer()
        let relay = try await production.connect(.relay)
        let hints = try relay.subscribe(NATSWakeup.subject("inventory"))
        try await relay.flush(timeout: .seconds(60))
        let service = try await production.connect(.inventory)
        try service.publish(NATSWakeup.subject("inventory"))
        var iterator = hints.makeAsyncIterator()
        #expect(await iterator.next()?.subject == NATSWakeup.subject("inventory"))
        await service.close()
        await relay.close()
        await production.server.stop()
    }

    @Test(arguments: ["orders", "payments", "inventory", "operator"])
    func nobodyButTheRelayPublishesToAStream(name: String) async throws {
        let production = try await ProductionServer()
        let connection = try await production.connect(try #require(User(rawValue: name)))
        let context = JetStreamContext(connection, timeout: .milliseconds(500))
        for subject in ["order.created.v1", "payment.succeeded.v1", "inventory.reserved.v1"] {
            await #expect(throws: JetStreamError.self) {
                try await context.publish(JetStreamMessage(subject: subject, payload: Array("{}".utf8)))
            }
        }
        let admin = try await production.connect(.operator)
        for stream in ["orders", "payments", "inventory"] {
            #expect(try await JetStreamContext(admin, timeout: .seconds(60)).streamInfo(stream).state.lastSequence == 0)
        }
        await admin.close()
        await connection.close()
        await production.server.stop()
    }

    @Test func aServiceTakesNothingFromAnotherOnesConsumer() async throws {
        let production = try await ProductionServer()
        let relay = try await production.connect(.relay)
        _ = await JetStreamBroker(relay, publishTimeout: .seconds(60))
            .publish([message(1, "order.created.v1")], to: "orders", after: 0).outcome()
        let service = try await production.connect(.orders)
        let foreign = JetStreamContext(service, timeout: .milliseconds(500))
            .pullConsumer(stream: "orders", durable: "payments-orders")
        let taken = try? await foreign.fetch(max: 1, expires: .milliseconds(500))
        #expect(taken?.isEmpty ?? true)
        let admin = try await production.connect(.operator)
        let info = try await JetStreamContext(admin, timeout: .seconds(60))
            .consumerInfo(stream: "orders", "payments-orders")
        #expect(info.pending == 1)
        await admin.close()
        await service.close()
        await relay.close()
        await production.server.stop()
    }
}
