import Crypto
import Foundation

/// Signs what is posted, so that its receiver knows who sent it and when.
/// Source: Standard Webhooks, https://github.com/standard-webhooks/standard-webhooks.
struct WebhookSignature: Sendable {
    private let keys: [SymmetricKey]

    /// - Parameter secrets: `whsec_` and Base64, as that standard writes them, or any other text as it is.
    init(secrets: [String]) {
        keys = secrets.map { secret in
            let prefix = "whsec_"
            if secret.hasPrefix(prefix), let data = Data(base64Encoded: String(secret.dropFirst(prefix.count))) {
                return SymmetricKey(data: data)
            }
            return SymmetricKey(data: Data(secret.utf8))
        }
    }

    /// The headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, one signature a secret.
    /// - Parameters:
    ///   - id: the same at each try, so that the receiver knows a repetition.
    ///   - timestamp: unix seconds.
    func headers(id: String, timestamp: Int64, body: [UInt8]) -> [(String, String)] {
        let signed = Data("\(id).\(timestamp).".utf8) + body
        let signatures = keys.map { key in
            "v1," + Data(HMAC<SHA256>.authenticationCode(for: signed, using: key)).base64EncodedString()
        }
        return [
            ("webhook-id", id), ("webhook-timestamp", "\(timestamp)"),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}
