/// The labels of one series, as text between the braces, in a stable order.
struct PrometheusLabels: Hashable, Sendable, Comparable {
    /// `name="value",…`; empty without labels.
    let text: String

    init(_ dimensions: [(String, String)]) {
        text = dimensions.sorted { $0.0 < $1.0 }
            .map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    }

    static func < (left: PrometheusLabels, right: PrometheusLabels) -> Bool { left.text < right.text }

    /// `{…}`, with one more label if given; empty when there is none.
    func braces(adding extra: String? = nil) -> String {
        let all = [text, extra ?? ""].filter { !$0.isEmpty }.joined(separator: ",")
        return all.isEmpty ? "" : "{\(all)}"
    }

    /// A label's name may have letters, digits and underscores.
    private static func name(_ text: String) -> String {
        sanitized(text, allows: [])
    }

    /// A metric's name may have colons too.
    static func metricName(_ text: String) -> String {
        sanitized(text, allows: [UInt8(ascii: ":")])
    }

    private static func sanitized(_ text: String, allows others: [UInt8]) -> String {
        var bytes = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                byte
            default:
                others.contains(byte) ? byte : UInt8(ascii: "_")
            }
        }
        if let first = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
