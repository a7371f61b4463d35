import Foundation
import JetStream
import Testing

@testable import ServiceRuntime

@Suite struct StreamsPlanTests {
    private func stream(_ change: (inout StreamConfiguration) -> Void = { _ in }) -> StreamConfiguration {
        var stream = StreamConfiguration(name: "orders", subjects: ["order.>"])
        stream.storage = .file
        stream.retention = .limits
        stream.replicas = 1
        stream.maxAge = .seconds(7 * 86_400)
        stream.maxBytes = -1
        stream.denyDelete = true
        change(&stream)
        return stream
    }

    private func consumer(_ change: (inout ConsumerConfiguration) -> Void = { _ in }) -> ConsumerConfiguration {
        var consumer = ConsumerConfiguration(durableName: "payments-orders", filterSubjects: ["order.>"])
        consumer.ackWait = .seconds(30)
        consumer.maxDeliver = -1
        consumer.deliverPolicy = .all
        change(&consumer)
        return consumer
    }

    private func plan(
        _ desired: StreamConfiguration, _ actual: StreamConfiguration?,
        consumer: (ConsumerConfiguration, ConsumerConfiguration?)? = nil
    ) -> StreamsPlan {
        var streams = ActualStreams()
        if let actual {
            var known = ActualStreams.Stream(actual)
            if let old = consumer?.1 { known.consumers[old.durableName ?? ""] = old }
            streams.streams[actual.name] = known
        }
        return StreamsPlan(
            desired: [DesiredStream(desired, consumers: consumer.map { [$0.0] } ?? [])], actual: streams)
    }

    @Test func missingStreamAndConsumerAreCreated() {
        let plan = plan(stream(), nil, consumer: (consumer(), nil))
        #expect(plan.changes.map(\.action) == [.create, .create])
        #expect(plan.destructive.isEmpty)
        #expect(!plan.isEmpty)
        #expect(plan.description.contains("+ stream orders: create\n    subjects: order.>"))
        #expect(plan.description.contains("+ consumer orders/payments-orders: create"))
        #expect(plan.description.hasSuffix("2 to create, 0 to update, 0 unchanged"))
    }

    @Test func sameConfigurationIsUnchangedWhateverTheOrderAndTheDefaults() {
        let desired = stream { $0.subjects = ["b.x", "a.x"] }
        let actual = stream {
            $0.subjects = ["a.x", "b.x"]
            $0.duplicateWindow = .seconds(120)
            $0.maxConsumers = -1
        }
        let old = consumer {
            $0.filterSubjects = nil
            $0.filterSubject = "order.>"
            $0.maxAckPending = 1_000
        }
        let plan = plan(desired, actual, consumer: (consumer(), old))
        #expect(plan.isEmpty)
        #expect(plan.changes.map(\.action) == [.unchanged, .unchanged])
    }

    @Test func changedFieldsAreShownFromOldToNew() {
        let plan = plan(
            stream {
                $0.maxAge = .seconds(14 * 86_400)
                $0.allowAtomic = true
            }, stream(), consumer: (consumer { $0.ackWait = .seconds(60) }, consumer()))
        #expect(plan.changes.map(\.action) == [.update, .update])
        #expect(plan.destructive.isEmpty)
        #expect(plan.description.contains("    max_age: 7d → 14d\n"))
        #expect(plan.description.contains("    allow_atomic: false → true\n"))
        #expect(plan.description.contains("    ack_wait: 30s → 1m\n"))
    }

    @Test func whatDropsOrStopsTakingMessagesIsDestructive() {
        let cases: [((inout StreamConfiguration) -> Void, (inout StreamConfiguration) -> Void, String)] = [
            ({ $0.maxAge = .seconds(3_600) }, { _ in }, "dropped"),
            ({ _ in }, { $0.maxAge = .zero }, "dropped"),
            ({ $0.maxBytes = 1 << 20 }, { _ in }, "dropped"),
            ({ $0.maxMessages = 10 }, { $0.maxMessages = 100 }, "dropped"),
            ({ $0.subjects = ["order.created.*"] }, { _ in }, "no longer taken: order.>"),
            ({ _ in }, { $0.replicas = 3 }, "fewer copies"),
        ]
        for (new, old, reason) in cases {
            let plan = plan(stream(new), stream(old))
            #expect(plan.changes.first?.action == .update)
            #expect(plan.destructive.count == 1)
            #expect(plan.description.contains("destructive: ") && plan.description.contains(reason))
        }
    }

    @Test func raisingLimitsAndAddingSubjectsIsNotDestructive() {
        let plan = plan(
            stream {
                $0.subjects = ["order.>", "extra.>"]
                $0.maxBytes = -1
                $0.maxAge = .zero
                $0.replicas = 3
            }, stream { $0.maxBytes = 100 })
        #expect(plan.changes.first?.action == .update)
        #expect(plan.destructive.isEmpty)
    }

    @Test func whatTheServerCannotChangeIsMadeAnew() {
        for change: (inout StreamConfiguration) -> Void in [
            { $0.storage = .memory }, { $0.retention = .interest }, { $0.denyDelete = false },
        ] {
            let plan = plan(stream(change), stream())
            #expect(plan.changes.first?.action == .recreate)
            #expect(plan.destructive.count == 1)
            #expect(plan.description.contains("± stream orders: delete and make anew"))
        }
        let anew = plan(stream(), stream(), consumer: (consumer { $0.deliverPolicy = .new }, consumer()))
        #expect(anew.changes.map(\.action) == [.unchanged, .recreate])
        #expect(anew.destructive.count == 1)
    }

    @Test func narrowedFilterIsDestructiveAndWidenedIsNot() {
        let narrowed = plan(stream(), stream(), consumer: (consumer { $0.filterSubjects = ["order.x"] }, consumer()))
        #expect(narrowed.destructive.count == 1)
        let widened = plan(stream(), stream(), consumer: (consumer(), consumer { $0.filterSubjects = ["order.x"] }))
        #expect(widened.changes.last?.action == .update)
        #expect(widened.destructive.isEmpty)
    }

    @Test func whatIsNotInTheFileIsLeftAlone() {
        var actual = ActualStreams()
        actual.streams["orders"] = ActualStreams.Stream(stream(), consumers: ["debugger": consumer()])
        actual.streams["other"] = ActualStreams.Stream(StreamConfiguration(name: "other", subjects: ["x"]))
        let plan = StreamsPlan(desired: [DesiredStream(stream())], actual: actual)
        #expect(plan.isEmpty)
        #expect(plan.changes.map(\.action) == [.unchanged, .unmanaged, .unmanaged])
        #expect(plan.summary == "0 to create, 0 to update, 1 unchanged, 2 not in the file, left alone")
    }

    @Test func planIsEncodedForPrograms() throws {
        struct Shape: Decodable {
            struct Change: Decodable {
                struct Field: Decodable {
                    let field: String
                    let old: String?
                    let new: String
                    let risk: String?
                }
                let action: String
                let stream: String
                let fields: [Field]
            }
            let changes: [Change]
        }
        let plan = plan(stream { $0.maxAge = .seconds(60) }, stream())
        let shape = try JSONDecoder().decode(Shape.self, from: JSONEncoder().encode(plan))
        #expect(shape.changes.first?.action == "update")
        #expect(shape.changes.first?.fields.first?.old == "7d")
        #expect(shape.changes.first?.fields.first?.risk != nil)
    }
}
