/// One place at which a stream is not what its ledger is.
public struct ReplicaDifference: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Equatable, Codable, CaseIterable {
        /// The stream goes on without the event.
        case missing
        /// The stream ends before the event, though it was relayed: the relay copies it again by itself.
        case lostEnd
        /// The stream begins behind the event, which cannot have aged out: the relay copies it again by itself.
        case lostBeginning
        /// The message is another one than the ledger's row.
        case changed
        /// The event stands a second time, and not because the relay went back.
        case twice
        /// The message stands behind later ones, and not because the relay went back.
        case unordered
        /// The message is no event of the ledger.
        case foreign

        /// Whether appending the event to the ledger again mends it.
        public var isMendable: Bool { self == .missing || self == .changed }

        /// Whether the relay mends it without being told.
        public var isMendedByRelay: Bool { self == .lostEnd || self == .lostBeginning }
    }

    public let kind: Kind
    /// The event's place in the ledger; nil for what is no event of it.
    public let position: Int64?
    /// The message's place in the stream; nil for what is not there.
    public let sequence: UInt64?
    public let what: String

    public init(kind: Kind, position: Int64?, sequence: UInt64?, what: String) {
        self.kind = kind
        self.position = position
        self.sequence = sequence
        self.what = what
    }
}
