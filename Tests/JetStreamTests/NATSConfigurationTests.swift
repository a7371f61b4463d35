import Testing

@testable import JetStream

@Suite struct NATSConfigurationTests {
    @Test(arguments: [
        ("nats://host:4222", "nats://host:4222"),
        ("nats://ana:se:cr@t@host:4222", "nats://host:4222"),
        ("tls://token@host", "tls://host"),
        ("ana:secreto@host:4222", "host:4222"),
        ("host", "host"),
    ])
    func credentialsAreTakenOutOfURLs(url: String, redacted: String) {
        #expect(NATSConfiguration(servers: [url]).redactedServers == redacted)
    }

    @Test func pausesDoubleUpToTheLimitAndVaryByHalf() {
        var configuration = NATSConfiguration(servers: [])
        configuration.reconnectWait = .milliseconds(100)
        configuration.reconnectMaxWait = .seconds(1)
        #expect(configuration.reconnectDelay(attempt: 0, random: 1) == .zero)
        #expect(configuration.reconnectDelay(attempt: 1, random: 1) == .milliseconds(100))
        #expect(configuration.reconnectDelay(attempt: 1, random: 0) == .milliseconds(50))
        #expect(configuration.reconnectDelay(attempt: 3, random: 1) == .milliseconds(400))
        #expect(configuration.reconnectDelay(attempt: 60, random: 1) == .seconds(1))
    }

    @Test(arguments: ["order.created.v1", "a", "$JS.API.INFO", "con-guiones_y.ñ"])
    func subjectsToPublishTo(subject: String) {
        #expect(NATSSubject.isValidForPublishing(subject))
        #expect(NATSSubject.isValidForSubscribing(subject))
    }

    @Test(arguments: ["", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\r\nPUB x 0", "a\u{7F}"])
    func noSubjects(subject: String) {
        #expect(!NATSSubject.isValidForPublishing(subject))
        #expect(!NATSSubject.isValidForSubscribing(subject))
    }

    @Test(arguments: ["*", ">", "a.*.b", "a.>", "*.*"])
    func subjectsToSubscribeToOnly(subject: String) {
        #expect(!NATSSubject.isValidForPublishing(subject))
        #expect(NATSSubject.isValidForSubscribing(subject))
    }

    @Test(arguments: [">.a", "a*", "*a", "a.>b", ">>"])
    func wildcardsOutOfPlace(subject: String) {
        #expect(!NATSSubject.isValidForSubscribing(subject))
    }

    @Test func headersHoldTheirOrderAndAllValues() {
        var headers: NATSHeaders = ["a": "1", "b": "2"]
        headers.add("a", "3")
        #expect(headers["a"] == "1")
        #expect(headers.values("a") == ["1", "3"])
        #expect(headers.fields.map(\.value) == ["1", "2", "3"])
        headers["a"] = "4"
        #expect(headers.values("a") == ["4"])
        headers["b"] = nil
        #expect(headers["b"] == nil)
        #expect(headers["A"] == nil)
        #expect(headers.encodedSize == "NATS/1.0\r\na: 4\r\n\r\n".utf8.count)
        #expect(NATSHeaders().encodedSize == 0)
    }

    @Test func durationsBecomeNanosecondsWithoutOverflow() {
        #expect(Duration.milliseconds(1_500).nanoseconds == 1_500_000_000)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(-5).nanoseconds == -5_000_000_000)
        #expect(Duration.nanoseconds(1).wholeMilliseconds == 1)
        #expect(Duration.microseconds(1_001).wholeMilliseconds == 2)
    }
}
