import Foundation
import JetStream
import LocalServers
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

/// Three servers, three replicas. An election takes four to nine seconds (fixed in nats-server), so the kills are few;
/// between them the leader is asked to step down.
@Suite("Cluster of three servers")
struct ClusterTests {
    @Test(
        "leaders that die or step down under load lose, double and reorder nothing",
        arguments: [JetStreamBroker.AtomicBatches.never, .from(2)])
    func survivesLeaderChanges(batches: JetStreamBroker.AtomicBatches) async throws {
        let cluster = try await LocalNATSCluster.start()
        let setting = try await RelaySetting.make(batches, on: cluster.urls) { $0.replicas = 3 }
        let consumer = try await EffectConsumer(of: setting)
        try await consumer.consume(setting) {
            try await setting.withRelay {
                let kills = 2
                for round in 0...kills {
                    for _ in 0..<2 {
                        try await load(setting)
                        try await stepDown(setting)
                    }
                    guard round < kills else { continue }
                    try await load(setting)
                    let killed = try await leader(of: setting, in: cluster)
                    await killed.kill()
                    try await setting.append(300)
                    try await eventually("another server leads", within: .seconds(30)) {
                        try await leader(of: setting, in: cluster).name != killed.name
                    }
                    try await killed.restart()
                }
                try await setting.streamEqualsLedger(within: .seconds(90))
                try await consumer.untilEachHasItsEffect(setting, within: .seconds(90))
            }
        }
        #expect(try await setting.deadPositions() == [])
        await consumer.pool.close()
        await setting.close()
        await cluster.stop()
    }

    /// Appends events, and returns once some are relayed and most are on their way.
    private func load(_ setting: RelaySetting) async throws {
        let before = setting.metrics["outbox_relayed_total"]
        try await setting.append(400)
        try await eventually("the relay goes on", within: .seconds(30)) {
            setting.metrics["outbox_relayed_total"] > before
        }
    }

    private func leader(of setting: RelaySetting, in cluster: LocalNATSCluster) async throws -> LocalNATS {
        var leader: LocalNATS?
        try await eventually("the stream has a leader", within: .seconds(30)) {
            let name = try await setting.context.streamInfo(setting.stream).leader
            leader = name.flatMap { cluster.server(named: $0) }
            return leader != nil
        }
        return try #require(leader)
    }

    private func stepDown(_ setting: RelaySetting) async throws {
        try await eventually("the leader steps down", within: .seconds(30)) {
            let answer = try await setting.admin.request("$JS.API.STREAM.LEADER.STEPDOWN.\(setting.stream)")
            return String(decoding: answer.payload, as: UTF8.self).contains(#""success":true"#)
        }
    }
}
