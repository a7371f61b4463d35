import ServiceRuntime
import Testing

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("5s", .seconds(5)), ("2m", .seconds(120)), ("1h", .seconds(3_600)),
        ("14d", .seconds(14 * 86_400)), ("1h30m", .seconds(5_400)), ("1s500ms", .milliseconds(1_500)), ("0", .zero),
        ("0s", .zero),
    ])
    func textWithUnitsIsRead(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(arguments: ["", "5", "s", "5 s", "-5s", "5x", "1.5s", "5s5s", "5s1m", "99999999999999999999s", "9e3s", "٥s"])
    func otherTextIsRefused(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [
        (Duration.milliseconds(1_500), "1s500ms"), (.seconds(86_400 * 14), "14d"), (.seconds(3_661), "1h1m1s"),
        (.zero, "0s"),
    ])
    func formattedTextIsReadBack(duration: Duration, text: String) {
        #expect(DurationText.format(duration) == text)
        #expect(DurationText.parse(text) == duration)
    }
}
