public import Foundation
public import Postgres

/// A request with an Idempotency-Key, and what was answered to it before. The answer is kept in the transaction of the
/// effect, for the time that upkeep gives it. Only successes are kept: what was refused may succeed when it is tried
/// again.
///
/// Two ways of use. ``begin(in:)`` and ``remember(status:json:in:)`` around an effect of several statements. Or
/// ``lookup()`` in a pipeline of reads, and the insert of the key as part of the one statement that has the effect:
/// then the key's primary key decides between requests at the same time (``isTaken(_:)``).
public struct IdempotentRequest: Sendable {
    /// Who asks and what for, such as `orders:customer-7`.
    public let scope: String
    public let key: String
    /// Tells one request from another under the same key.
    public let hash: [UInt8]

    /// - Parameter hash: of all that the request asks for.
    public init(scope: String, key: String, hash: [UInt8]) {
        self.scope = scope
        self.key = key
        self.hash = hash
    }

    /// What was answered before.
    public struct Answer: Sendable, Equatable {
        /// The HTTP status.
        public let status: Int
        public let json: [UInt8]
    }

    /// Takes the key for this transaction.
    /// - Returns: what was answered before; nil when this request is the first of its key.
    /// - Throws: ``IdempotencyError``.
    public func begin(in transaction: PostgresTransaction) async throws -> Answer? {
        let results = try await transaction.pipeline([IdempotencySQL.tryLock.bind(scope, key), lookup()])
        guard try results[0].first?.get(0, as: Bool.self) == true else { throw IdempotencyError.inUse }
        return try found(results[1]).answer
    }

    /// Keeps the answer, with the transaction's COMMIT.
    public func remember(status: Int, json: [UInt8], in transaction: PostgresTransaction) {
        transaction.enqueue(IdempotencySQL.insert.bind(scope, key, hash, Int32(status), PostgresJSON(json)))
    }

    /// Asks what was answered before, for a pipeline; its rows are read by ``found(_:)``.
    public func lookup() -> BoundStatement {
        IdempotencySQL.find.bind(scope, key)
    }

    /// What ``lookup()`` found.
    /// - Returns: the database's time, and what was answered before, if anything.
    /// - Throws: ``IdempotencyError/reused``.
    public func found(_ rows: PostgresRows) throws -> (now: Date, answer: Answer?) {
        guard let row = rows.first else { throw PostgresError(.decoding, "the lookup of a key has no row") }
        let (now, hash, status, json) = try row.decode(Date.self, [UInt8]?.self, Int32?.self, [UInt8]?.self)
        guard let hash, let status, let json else { return (now, nil) }
        guard hash == self.hash else { throw IdempotencyError.reused }
        return (now, Answer(status: Int(status), json: json))
    }

    /// Whether an insert failed because a request with the same key was faster; it has waited for that one's COMMIT.
    public static func isTaken(_ error: PostgresError) -> Bool {
        error.constraint == "idempotency_key_pkey"
    }
}

/// Why a request with an Idempotency-Key cannot be served.
public enum IdempotencyError: Error, Sendable, Equatable {
    /// Another request with the key is still running.
    case inUse
    /// The key was used for another request.
    case reused
}
