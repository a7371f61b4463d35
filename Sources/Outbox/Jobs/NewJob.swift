public import Foundation

/// A job that is to be scheduled.
public struct NewJob: Sendable {
    let kind: String
    let key: String?
    let date: Date?
    let delay: Duration
    /// JSON.
    let payload: String

    /// - Parameters:
    ///   - key: unique within the kind; nil for one of many.
    ///   - delay: from now, by the database's clock.
    ///   - date: when, by the database's clock; wins over `delay`.
    ///   - payload: JSON that the handler gets.
    /// - Throws: `EncodingError`.
    public init(
        _ kind: String, key: String?, after delay: Duration = .zero, at date: Date? = nil,
        payload: some Encodable & Sendable
    ) throws {
        self.kind = kind
        self.key = key
        self.date = date
        self.delay = delay
        self.payload = String(decoding: try WireJSON.encode(payload), as: UTF8.self)
    }

    /// Whether it may be due before the runners' next poll, however far this process's clock is off (within reason).
    var isSoon: Bool { date.map { $0.timeIntervalSinceNow < 60 } ?? (delay < .seconds(1)) }
}
