import Crypto
import Foundation
import Hummingbird
import Postgres
import ServiceRuntime

/// Remembers the answer to a request with an Idempotency-Key, in the transaction of its effect. Only successes are
/// remembered: what was refused may succeed when it is tried again.
struct IdempotencyRecord: Sendable {
    private let scope: String
    private let key: String
    private let requestHash: [UInt8]

    /// - Parameters:
    ///   - scope: who asks and what for.
    ///   - request: all that the request asks for, as bytes.
    init(scope: String, key: String, request: [UInt8]) {
        self.scope = scope
        self.key = key
        requestHash = Array(SHA256.hash(data: request))
    }

    /// What was answered before; nil when this request is the first of its key.
    /// - Throws: ``Problem`` 409 `idempotency_key_in_use` while another request of the key runs, 422
    ///   `idempotency_key_reused` when the key was used for another request.
    func begin(in transaction: PostgresTransaction) async throws -> (status: Int, json: [UInt8])? {
        let results = try await transaction.pipeline([
            IdempotencyRecordSQL.tryLock.bind(scope, key), IdempotencyRecordSQL.find.bind(scope, key),
        ])
        guard try results[0].first?.get(0, as: Bool.self) == true else {
            throw Problem(
                .conflict, code: "idempotency_key_in_use", title: "Conflict",
                detail: "a request with this Idempotency-Key is still running: try again in a moment",
                headers: [.retryAfter: "1"])
        }
        guard let row = results[1].first else { return nil }
        let (hash, status, response) = try row.decode([UInt8].self, Int32.self, String.self)
        guard hash == requestHash else {
            throw Problem.unprocessable(
                code: "idempotency_key_reused", "this Idempotency-Key was used for another request: use a new one")
        }
        return (Int(status), Array(response.utf8))
    }

    /// Remembers the answer, with the transaction's COMMIT.
    func remember(status: Int, json: [UInt8], in transaction: PostgresTransaction) {
        transaction.enqueue(
            IdempotencyRecordSQL.insert.bind(
                scope, key, requestHash, Int32(status), String(decoding: json, as: UTF8.self)))
    }
}

/// The statements about Idempotency-Keys.
enum IdempotencyRecordSQL {
    /// Held until the transaction ends, so that a second request of the same key at the same time is told so.
    static let tryLock: Statement = """
        select pg_try_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 0))
        """

    static let find: Statement = """
        select request_hash, status, response from idempotency_key where scope = $1::text and key = $2::text
        """

    static let insert: Statement = """
        insert into idempotency_key (scope, key, request_hash, status, response)
        values ($1::text, $2::text, $3::bytea, $4::integer, $5::json)
        """

    static let all = [tryLock, find, insert]
}
