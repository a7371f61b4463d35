/// The names of JetStream's headers. Source: ADR-4, ADR-50 and `server/stream.go` of nats-server.
public enum JetStreamHeader {
    /// The server ignores a message whose id it has seen within the stream's `duplicate_window`.
    public static let messageID = "Nats-Msg-Id"
    public static let expectedStream = "Nats-Expected-Stream"
    public static let expectedLastMessageID = "Nats-Expected-Last-Msg-Id"
    public static let expectedLastSequence = "Nats-Expected-Last-Sequence"
    public static let expectedLastSubjectSequence = "Nats-Expected-Last-Subject-Sequence"
    /// `sub` or `all`: the message replaces all before it, of its subject or of the stream.
    public static let rollup = "Nats-Rollup"
    public static let batchID = "Nats-Batch-Id"
    public static let batchSequence = "Nats-Batch-Sequence"
    public static let batchCommit = "Nats-Batch-Commit"
    /// In the statuses of pull requests: how many messages and bytes of the request were not delivered.
    public static let pendingMessages = "Nats-Pending-Messages"
    public static let pendingBytes = "Nats-Pending-Bytes"
    /// In headers of messages that were got from a stream directly.
    public static let stream = "Nats-Stream"
    public static let sequence = "Nats-Sequence"
    public static let subject = "Nats-Subject"
    public static let timeStamp = "Nats-Time-Stamp"
}
