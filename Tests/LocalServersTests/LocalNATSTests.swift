import Foundation
import LocalServers
import Testing

@Suite struct LocalNATSTests {
    @Test func killedServerIsGoneAndRestartsOnItsPort() async throws {
        let nats = try await LocalNATS.start()
        let url = nats.url
        await nats.kill()
        #expect(nats.processID == nil)
        try await nats.restart()
        #expect(nats.url == url)
        #expect(nats.processID != nil)
        await nats.stop()
    }

    @Test func pausedServerCanStillBeStopped() async throws {
        let nats = try await LocalNATS.start()
        nats.pause()
        await nats.stop()
        #expect(nats.processID == nil)
    }

    @Test(arguments: [
        ("max_payloads: 1", "", "unknown field \"max_payloads\""),
        ("", "sync_interval: 5parsecs", "error parsing sync_interval"),
    ])
    func wrongConfigurationIsNamedInTheError(extra: String, jetStream: String, complaint: String) async throws {
        let error = await #expect(throws: LocalServerError.self) {
            try await LocalNATS.start(configuration: extra, jetStream: jetStream)
        }
        #expect(error?.description.contains(complaint) == true)
    }
}
