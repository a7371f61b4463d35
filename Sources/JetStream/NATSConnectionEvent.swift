/// What happens to a connection. The first event of ``NATSConnection/events()`` tells how it is at that moment.
public enum NATSConnectionEvent: Sendable {
    /// Connected for the first time (or: connected already when the events were asked for).
    case connected(url: String)
    /// The connection was lost, or there is none yet; attempts to reconnect go on for ever.
    case disconnected(reason: String)
    /// Connected again, with all subscriptions.
    case reconnected(url: String)
    /// Closed by this process: no more events.
    case closed
    /// Something that is not tied to one call: a permission refused, messages dropped for a slow reader.
    case error(NATSError)
}
