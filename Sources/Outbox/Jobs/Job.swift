public import Foundation

/// A job that is due, as its handler gets it.
public struct Job: Sendable {
    public let id: Int64
    public let kind: String
    /// Unique within the kind; nil for a job that is one of many.
    public let key: String?
    /// When it was due, by the database's clock.
    public let runAt: Date
    /// 1 at the first try.
    public let attempt: Int
    /// JSON.
    public let payload: [UInt8]

    /// The payload.
    /// - Throws: `DecodingError`.
    public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try WireJSON.decode(type, from: payload)
    }
}
