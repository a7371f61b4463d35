import Crypto
import Foundation

/// Verifies the signature of a webhook: a pure function of the header, the raw body, the secrets and the time.
/// Source: https://docs.stripe.com/webhooks#verify-manually
public struct StripeSignature: Sendable {
    /// Why a webhook is refused.
    public enum Failure: String, Error, Sendable, Hashable {
        case missingHeader = "signature_missing"
        case malformedHeader = "signature_malformed"
        /// None of the signatures was made with one of the secrets.
        case noMatch = "signature_mismatch"
        /// Signed too long ago: perhaps somebody replays it.
        case tooOld = "timestamp_too_old"
        /// Signed in the future.
        case inFuture = "timestamp_in_future"
    }

    private let keys: [SymmetricKey]
    private let tolerance: Int64

    /// - Parameters:
    ///   - secrets: the whole `whsec_…` strings; any of them may have signed, so that they can be rolled.
    ///   - tolerance: seconds that the signature's time may lie in the past or in the future.
    public init(secrets: [String], tolerance: Int64 = 300) {
        keys = secrets.map { SymmetricKey(data: Data($0.utf8)) }
        self.tolerance = tolerance
    }

    /// More of a header than this is none of Stripe's.
    private static let maxHeaderBytes = 4096

    /// Passes when the body was signed by one of the secrets, and not too long ago.
    /// - Parameters:
    ///   - header: the value of `Stripe-Signature`: `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`; other schemes are ignored.
    ///   - body: exactly the bytes that came.
    ///   - now: unix seconds.
    public func verify(header: String?, body: [UInt8], now: Int64) throws(Failure) {
        guard let header else { throw .missingHeader }
        guard header.utf8.count <= Self.maxHeaderBytes else { throw .malformedHeader }
        var timestamps: [Substring] = []
        var signatures: [[UInt8]] = []
        for item in header.split(separator: ",") {
            let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { throw .malformedHeader }
            switch sides[0].trimmingPrefix(while: \.isWhitespace) {
            case "t": timestamps.append(sides[1])
            // What is no hex of a SHA-256 matches nothing; another one beside it still may.
            case "v1": if let signature = Self.bytes(hex: sides[1]) { signatures.append(signature) }
            default: break
            }
        }
        guard timestamps.count == 1, let text = timestamps.first, text.allSatisfy(\.isASCII),
            text.allSatisfy(\.isNumber), let timestamp = Int64(text)
        else { throw .malformedHeader }

        let signed = Array("\(text).".utf8) + body
        var isValid = false
        for key in keys {
            for signature in signatures {
                // Compares in constant time; and all are compared, so that nothing tells which one matched.
                let matches = HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: signed, using: key)
                isValid = isValid || matches
            }
        }
        guard isValid else { throw .noMatch }
        // Not by subtraction alone: the header may say any number.
        guard timestamp >= now - tolerance else { throw .tooOld }
        guard timestamp <= now + tolerance else { throw .inFuture }
    }

    private static func bytes(hex: Substring) -> [UInt8]? {
        guard hex.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in hex.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}

extension StripeSignature: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the secrets.
    public var description: String { "verifier of \(keys.count) webhook secrets" }
    public var debugDescription: String { description }
}
