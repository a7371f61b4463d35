import Contracts
import Foundation
import JetStream
import Testing

@testable import ServiceRuntime

@Suite struct StreamsFileTests {
    static var repositoryFile: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "infra/nats/streams.yaml").path
    }

    private func issues(_ yaml: String, profile: String = "development") -> [String] {
        do {
            _ = try StreamsFile.parse(yaml, file: "streams.yaml", profile: profile)
            return []
        } catch let error as ConfigurationError {
            return error.issues.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test(arguments: [("development", 1), ("production", 3)])
    func projectsFileHasTheStreamsOfTheDesign(profile: String, replicas: Int) throws {
        let file = try StreamsFile.read(Self.repositoryFile, profile: profile)
        #expect(file.streams.map(\.configuration.name) == ["orders", "payments", "inventory"])
        for stream in file.streams.map(\.configuration) {
            #expect(stream.replicas == replicas)
            #expect(stream.storage == .file)
            #expect(stream.maxAge == .seconds(7 * 86_400))
            #expect(stream.allowAtomic == true)
            #expect(stream.denyDelete == true)
        }
        let durables = file.streams.flatMap(\.consumers).compactMap(\.durableName).sorted()
        #expect(
            durables == [
                "inventory-notifications", "inventory-orders", "inventory-payments", "orders-inventory",
                "orders-payments", "payments-inventory",
                "payments-orders",
            ])
        #expect(file.streams.flatMap(\.consumers).allSatisfy { $0.maxDeliver == -1 && $0.ackPolicy == .explicit })
    }

    @Test func everyEventIsTakenByItsStreamAndReachesWhoNeedsIt() throws {
        let file = try StreamsFile.read(Self.repositoryFile)
        func consumers(of subject: String, stream: String) -> Set<String> {
            let stream = file.streams.first { $0.configuration.name == stream }
            #expect((stream?.configuration.subjects ?? []).contains { SubjectPattern($0).matches(subject) })
            let takers = (stream?.consumers ?? []).filter { consumer in
                (consumer.filterSubjects ?? []).contains { SubjectPattern($0).matches(subject) }
            }
            return Set(takers.compactMap(\.durableName))
        }
        for type in EventType.orders {
            let all: Set = ["payments-orders", "inventory-orders"]
            let isForPayments = type == EventType.orderPaymentOverdue || type == EventType.orderRefundDue
            #expect(consumers(of: type, stream: "orders") == (isForPayments ? ["payments-orders"] : all))
        }
        for type in EventType.payments {
            let expected: Set =
                type == EventType.paymentPending ? ["orders-payments", "inventory-payments"] : ["orders-payments"]
            #expect(consumers(of: type, stream: "payments") == expected)
        }
        #expect(
            consumers(of: EventType.inventoryReserved, stream: "inventory")
                == ["orders-inventory", "payments-inventory"])
        #expect(consumers(of: EventType.inventoryLowStock, stream: "inventory") == ["inventory-notifications"])
        for type in [
            EventType.inventoryOutOfStock, EventType.inventoryReleased, EventType.inventoryProductChanged,
        ] {
            #expect(consumers(of: type, stream: "inventory") == ["orders-inventory"])
        }
        // A version that is not known yet reaches the consumer, which parks it.
        #expect(consumers(of: "inventory.reserved.v2", stream: "inventory").contains("orders-inventory"))
    }

    @Test func settingsComeFromDefaultsThenTheProfileThenTheStream() throws {
        let file = try StreamsFile.parse(
            """
            profiles: {development: {replicas: 1}}
            defaults:
              stream: {max_age: 7d, replicas: 5, max_msg_size: 512KiB}
              consumer: {ack_wait: 30s}
            streams:
              a:
                subjects: [a.>]
                max_age: 1h
                consumers:
                  b: {filter_subjects: [a.x], ack_wait: 10s}
              c: {subjects: [c.>]}
            """, file: "streams.yaml", profile: "development")
        #expect(file.streams[0].configuration.maxAge == .seconds(3_600))
        #expect(file.streams[0].configuration.replicas == 1)
        #expect(file.streams[0].configuration.maxMessageSize == 524_288)
        #expect(file.streams[0].consumers[0].ackWait == .seconds(10))
        #expect(file.streams[1].configuration.maxAge == .seconds(7 * 86_400))
    }

    @Test func everythingThatIsWrongIsToldWithLineKeyAndWhatIsAllowed() {
        let issues = issues(
            """
            profiles: {development: {replicas: 2}}
            streams:
              orders:
                subjects: [order.>]
                max_aeg: 7d
                max_age: 7 days
                storage: disk
                consumers:
                  payments-orders: {max_deliver: 5, filter_subjects: [payment.x]}
              "bad name":
                subjects: ["order.created.v1", "a..b"]
            """)
        #expect(
            issues.contains { $0.hasPrefix(#"streams.yaml:5: streams.orders.max_aeg: is not known; expected one of"#) })
        #expect(
            issues.contains(
                #"streams.yaml:6: streams.orders.max_age: "7 days" was given; expected a duration such as 2m, 30s or 7d"#
            ))
        #expect(
            issues.contains(#"streams.yaml:7: streams.orders.storage: "disk" was given; expected file or memory"#))
        #expect(issues.contains { $0.contains(#"development.replicas: "2" was given; expected 1, 3 or 5"#) })
        #expect(issues.contains { $0.contains(#"max_deliver: "5" was given; expected -1"#) })
        #expect(issues.contains { $0.contains(#""payment.x" was given; expected a subject of the stream"#) })
        #expect(issues.contains { $0.contains("streams.bad name: expected a name of letters") })
        #expect(issues.contains { $0.contains(#""a..b" was given; expected a subject such as"#) })
        #expect(
            issues.contains {
                $0.contains(#""order.created.v1" overlaps "order.>" of the stream orders"#)
            })
    }

    @Test func oneDurableNameTwiceIsRefused() {
        let issues = issues(
            """
            profiles: {development: {}}
            streams:
              a: {subjects: [a.>], consumers: {x: {filter_subjects: [a.>]}}}
              b: {subjects: [b.>], consumers: {x: {filter_subjects: [b.>]}}}
            """)
        #expect(issues.count == 1)
        #expect(issues.first?.contains("the stream a has a consumer of this name") == true)
    }

    @Test func unknownProfileNoStreamsNoYAMLAndNoFileAreTold() {
        #expect(issues("profiles: {development: {}}\nstreams: {a: {subjects: [a]}}", profile: "staging").count == 1)
        #expect(issues("profiles: {development: {}}").contains { $0.contains("at least one stream") })
        #expect(issues("streams: [").contains { $0.contains("is not YAML") })
        #expect(issues("").isEmpty == false)
        #expect {
            try StreamsFile.read("/nowhere/streams.yaml")
        } throws: { "\($0)".contains("cannot be read") }
    }

    @Test(arguments: [
        ("a.b", "a.b", true), ("a.*", "a.b", true), ("a.>", "a.b.c", true), ("a.>", "a", false), ("*", "a.b", false),
        ("a.*.c", "a.b.c", true), ("a.b", "a.b.c", false), (">", "a", true),
    ])
    func subjectsMatchAsNATSSays(pattern: String, subject: String, matches: Bool) {
        #expect(SubjectPattern(pattern).matches(subject) == matches)
    }

    @Test(arguments: [
        ("a.>", "a.b", true), ("a.>", "a.*", true), ("a.*", "a.>", false), ("a.b", "a.*", false), ("a.*", "a.b", true),
        ("a.>", "b.>", false),
    ])
    func patternsCoverEachOther(left: String, right: String, covers: Bool) {
        #expect(SubjectPattern(left).covers(SubjectPattern(right)) == covers)
    }

    @Test(arguments: [
        ("a.>", "a.b", true), ("a.*", "*.b", true), ("a.b", "a.c", false), ("a.*", "a.b.c", false), (">", "x", true),
        ("a", "a.b", false),
    ])
    func patternsOverlap(left: String, right: String, overlaps: Bool) {
        #expect(SubjectPattern(left).overlaps(SubjectPattern(right)) == overlaps)
        #expect(SubjectPattern(right).overlaps(SubjectPattern(left)) == overlaps)
    }
}
