import Crypto
import Foundation

/// Signs deliveries.
/// Source: https://docs.stripe.com/webhooks#verify-manually
enum WebhookSigner {
    /// The value of `Stripe-Signature`: HMAC-SHA256 of `"{t}.{body}"`, keyed by each whole secret, in lower-case hex.
    static func header(body: [UInt8], secrets: [String], timestamp: Int64) -> String {
        let signed = Array("\(timestamp).".utf8) + body
        let signatures = secrets.map { secret in
            let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: Data(secret.utf8)))
            return "v1=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        return (["t=\(timestamp)"] + signatures).joined(separator: ",")
    }
}
