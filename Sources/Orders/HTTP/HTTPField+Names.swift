import HTTPTypes

extension HTTPField.Name {
    /// A name that is known to be a token; a wrong one would be a mistake in this file.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header name: \(name)") }
        return name
    }

    /// `Last-Event-ID`, which a browser sends when it comes back to an event stream.
    static let lastEventID = known("Last-Event-ID")
    /// `X-Accel-Buffering: no` has nginx pass small events on at once.
    static let accelBuffering = known("X-Accel-Buffering")
}
