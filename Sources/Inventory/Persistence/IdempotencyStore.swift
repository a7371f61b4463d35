import Crypto
import Foundation
import Hummingbird
import Postgres
import ServiceRuntime

/// Remembers the answer to a request, in the transaction of its effect. Only successes are remembered: what was refused
/// may succeed when it is tried again.
struct IdempotencyStore: Sendable {
    /// Who asks and what for.
    let scope: String
    let key: String
    /// Tells one request from another under the same key.
    let requestHash: [UInt8]

    /// - Parameter request: all that the request asks for, as bytes.
    init(scope: String, key: String, request: [UInt8]) {
        self.scope = scope
        self.key = key
        self.requestHash = Array(SHA256.hash(data: request))
    }

    /// What was answered before; nil when this request is the first of its key.
    /// - Throws: ``Problem`` 409 `idempotency_key_in_use` while another request of the key runs, 422
    ///   `idempotency_key_reused` when the key was used for another request.
    func begin(in transaction: PostgresTransaction) async throws -> (status: Int, json: [UInt8])? {
        let results = try await transaction.pipeline([
            IdempotencySQL.tryLock.bind(scope, key), IdempotencySQL.find.bind(scope, key),
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
            IdempotencySQL.insert.bind(
                scope, key, requestHash, Int32(status), String(decoding: json, as: UTF8.self)))
    }
}
