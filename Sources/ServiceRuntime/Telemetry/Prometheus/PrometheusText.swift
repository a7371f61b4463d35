/// The text exposition format, version 0.0.4.
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    static func header(name: String, help: String, type: String) -> String {
        let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }
}
