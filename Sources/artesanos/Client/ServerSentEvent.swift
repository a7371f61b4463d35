/// One event of a `text/event-stream`.
struct ServerSentEvent: Sendable, Equatable {
    /// The last id that the stream has given.
    var id: String?
    var name: String
    var data: String
}

/// Reads a `text/event-stream` as its bytes come.
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
struct ServerSentEventParser {
    private var rest: [UInt8] = []
    private var id: String?
    private var name = ""
    private var data: [String] = []

    /// The events that these bytes complete.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        rest.append(contentsOf: bytes)
        var events: [ServerSentEvent] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            var line = rest[..<end]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            let text = String(decoding: line, as: UTF8.self)
            rest.removeSubrange(...end)
            if let event = take(text) { events.append(event) }
        }
        return events
    }

    private mutating func take(_ line: String) -> ServerSentEvent? {
        guard !line.isEmpty else {
            defer { (name, data) = ("", []) }
            guard !data.isEmpty else { return nil }
            return ServerSentEvent(
                id: id, name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1].trimmingPrefix(" ")) : ""
        switch parts[0] {
        case "id": id = value
        case "event": name = value
        case "data": data.append(value)
        // Comments and the retry interval.
        default: break
        }
        return nil
    }
}
