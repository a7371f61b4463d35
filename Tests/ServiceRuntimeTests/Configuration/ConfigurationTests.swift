import Foundation
import JetStream
import Logging
import Testing

@testable import ServiceRuntime

@Suite struct ConfigurationTests {
    private func issues(
        _ environment: [String: String], requiring requirements: Set<ArtesanosConfiguration.Requirement> = []
    ) -> [String] {
        do {
            _ = try ArtesanosConfiguration.load(environment: environment, requiring: requirements)
            return []
        } catch let error as ConfigurationError {
            return error.issues.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appending(path: name)
        try text.write(to: url, atomically: true, encoding: .utf8)
        return url.path
    }

    @Test func nothingGivenLeadsToTheDefaults() throws {
        let configuration = try ArtesanosConfiguration.load(environment: [:])
        #expect(configuration.http.host == "127.0.0.1")
        #expect(configuration.http.port(of: "payments") == 8082)
        #expect(configuration.database.ordersURL == nil)
        #expect(configuration.nats.servers == ["nats://127.0.0.1:4222"])
        #expect(configuration.saga.stockDeadline == .seconds(30))
        #expect(configuration.reservation.ttl == .seconds(900))
        #expect(configuration.relay.retention == .seconds(14 * 86_400))
        #expect(configuration.log.level == .info)
        #expect(configuration.log.format == .json)
        #expect(configuration.stripe.apiKey == nil)
    }

    @Test func everyDefaultIsAllowedByItsSetting() {
        // `value(_:)` traps on a default that its own setting refuses.
        #expect(throws: Never.self) { try ArtesanosConfiguration.load(environment: [:]) }
        #expect(
            Settings.sections.flatMap(\.settings).count == Set(Settings.sections.flatMap(\.settings).map(\.name)).count)
    }

    @Test func environmentIsRead() throws {
        let configuration = try ArtesanosConfiguration.load(environment: [
            "ORDERS_PORT": "9001", "ORDERS_DATABASE_URL": "postgresql://o@db/orders",
            "NATS_URL": "nats://a:4222, tls://b:4222", "SAGA_STOCK_DEADLINE": "1m30s", "STRIPE_LIVEMODE": "true",
            "STRIPE_WEBHOOK_SECRET": "whsec_one,whsec_two", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "text",
            "JWT_SECRET": TestService.secret, "HOST": "",
        ])
        #expect(configuration.http.ordersPort == 9001)
        #expect(configuration.database.url(of: "orders") == "postgresql://o@db/orders")
        #expect(configuration.nats.servers == ["nats://a:4222", "tls://b:4222"])
        #expect(configuration.saga.stockDeadline == .seconds(90))
        #expect(configuration.stripe.livemode)
        #expect(configuration.stripe.webhookSecrets == ["whsec_one", "whsec_two"])
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .text)
        #expect(configuration.auth.secrets == [TestService.secret])
        #expect(configuration.http.host == "127.0.0.1", "an empty text is as good as none")
    }

    @Test func everythingThatIsWrongIsToldAtOnceWithWhatIsAllowed() {
        let issues = issues([
            "ORDERS_PORT": "http", "PAYMENTS_PORT": "70000", "SAGA_STOCK_DEADLINE": "30", "LOG_LEVEL": "loud",
            "STRIPE_LIVEMODE": "maybe", "NATS_URL": "http://x",
        ])
        #expect(issues.count == 6)
        #expect(
            issues.contains(#"ORDERS_PORT: "http" was given; expected a whole number from 0 to 65535"#))
        #expect(issues.contains(#"PAYMENTS_PORT: "70000" was given; expected a whole number from 0 to 65535"#))
        #expect(
            issues.contains(
                #"SAGA_STOCK_DEADLINE: "30" was given; expected a duration such as 500ms, 30s, 5m, 2h or 14d, "#
                    + "from 100ms to 1h"))
        #expect(
            issues.contains(
                #"LOG_LEVEL: "loud" was given; expected one of trace, debug, info, notice, warning, error, critical"#))
        #expect(issues.contains(#"STRIPE_LIVEMODE: "maybe" was given; expected true or false"#))
    }

    @Test(arguments: ["JWT_SECRET", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "ORDERS_DATABASE_URL", "NATS_URL"])
    func valueOfASecretIsNeverInAnError(key: String) {
        let issues = issues([key: "hush-hush"])
        #expect(issues.count == 1)
        #expect(issues.first?.hasPrefix("\(key): a value that is not shown was given; expected ") == true)
        #expect(issues.first?.contains("hush") == false)
    }

    @Test func whatACommandNeedsMustBeThere() {
        let issues = issues([:], requiring: [.database("payments"), .tokens, .stripe])
        #expect(
            issues.map { $0.prefix { $0 != ":" } } == [
                "PAYMENTS_DATABASE_URL", "JWT_SECRET", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET",
            ])
        #expect(issues.allSatisfy { $0.contains("is not set") && $0.contains("expected") })
    }

    @Test func valuesThatDoNotFitTogetherAreRefused() {
        let issues = issues(["RESERVATION_TTL": "30s", "SAGA_PAYMENT_MARGIN": "60s", "RESERVATION_MAX_HOLD": "10s"])
        #expect(issues.map { $0.prefix { $0 != ":" } } == ["SAGA_PAYMENT_MARGIN", "RESERVATION_MAX_HOLD"])
    }

    @Test func envFileIsReadAndTheEnvironmentWins() throws {
        let path = try file(
            ".env",
            """
            # development
            ORDERS_PORT=9001
            export PAYMENTS_PORT = 9002
            HOST="0.0.0.0"
            EDITOR=vi

            """)
        let configuration = try ArtesanosConfiguration.load(environment: ["ORDERS_PORT": "9999"], file: path)
        #expect(configuration.http.ordersPort == 9999)
        #expect(configuration.http.paymentsPort == 9002)
        #expect(configuration.http.host == "0.0.0.0")
    }

    @Test(arguments: [
        ("a.yaml", "orders: {port: 9001}\nnats_url: [nats://a, nats://b]\nSAGA_STOCK_DEADLINE: 10s\n"),
        (
            "a.json",
            #"{"orders": {"port": 9001}, "nats": {"url": ["nats://a", "nats://b"]}, "saga-stock-deadline": "10s"}"#
        ),
    ])
    func treeIsReadWithNestedOrFlatNames(name: String, text: String) throws {
        let path = try file(name, text)
        let configuration = try ArtesanosConfiguration.load(environment: ["ARTESANOS_CONFIG": path])
        #expect(configuration.http.ordersPort == 9001)
        #expect(configuration.nats.servers == ["nats://a", "nats://b"])
        #expect(configuration.saga.stockDeadline == .seconds(10))
    }

    @Test func unknownKeyBrokenTreeAndMissingFileAreTold() throws {
        let unknown = try file("a.yaml", "orders: {prot: 9001}")
        #expect {
            try ArtesanosConfiguration.load(environment: [:], file: unknown)
        } throws: { "\($0)".contains("ORDERS_PROT: is no setting") }
        let broken = try file("a.yaml", "orders: {port")
        #expect {
            try ArtesanosConfiguration.load(environment: [:], file: broken)
        } throws: { "\($0)".contains("is not YAML") }
        #expect {
            try ArtesanosConfiguration.load(environment: [:], file: "/nowhere/a.yaml")
        } throws: { "\($0)".contains("cannot be read") }
    }

    /// `UPDATE_DOCS=1` writes the tables anew.
    @Test func documentationHasTheTablesOfTheCode() throws {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/configuration.md")
        let text = try String(contentsOf: url, encoding: .utf8)
        let mark = "<!-- The tables below are written by UPDATE_DOCS=1 swift test --filter ConfigurationTests -->\n\n"
        let start = try #require(text.range(of: mark)).upperBound
        let tables = ArtesanosConfiguration.markdown()
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] == "1" {
            try (text[..<start] + tables).write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(text[start...] == tables)
        }
    }
}
