import HTTPTypes
public import Hummingbird

extension Request {
    /// How long the client is willing to wait for news: `?wait=5s`, or `Prefer: wait=5` (seconds, RFC 7240).
    /// - Parameter limit: the longest wait. A longer preference is shortened to it, a longer query is refused.
    /// - Returns: nil when the client did not ask to wait.
    /// - Throws: ``Problem`` 400 `invalid_parameter` when `wait` is no duration or too long.
    public func wait(upTo limit: Duration) throws(Problem) -> Duration? {
        if let text = uri.queryParameters["wait"] {
            let expected = "a duration such as 500ms, 5s or 1m, at most \(DurationText.format(limit))"
            guard let wait = DurationText.parse(String(text)), wait <= limit else {
                throw .invalidParameter("wait", expected: expected)
            }
            return wait
        }
        for header in headers[values: .prefer] {
            for preference in header.split(separator: ",") {
                let parts = preference.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
                if parts.count == 2, parts[0].lowercased() == "wait", let seconds = Int64(parts[1]), seconds >= 0 {
                    return min(.seconds(seconds), limit)
                }
            }
        }
        return nil
    }
}
