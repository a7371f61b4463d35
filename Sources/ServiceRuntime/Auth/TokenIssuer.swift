import Foundation
import JWTKit

/// Makes access tokens for development and tests.
public struct TokenIssuer: Sendable {
    private let keys: JWTKeyCollection
    private let issuer: String
    private let audience: String?

    /// - Parameters:
    ///   - secret: signs with HS256.
    ///   - issuer: the tokens' `iss`.
    ///   - audience: the tokens' `aud`, if any.
    public init(secret: String, issuer: String = "artesanos", audience: String? = nil) async {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
    }

    /// A token.
    /// - Parameters:
    ///   - subject: the id of the customer, artisan or operator.
    ///   - role: what it may do.
    ///   - lifetime: how long it holds; negative for one that has expired.
    /// - Throws: when it cannot be signed.
    public func token(subject: String, role: Role, lifetime: Duration = .seconds(12 * 3600)) async throws -> String {
        let now = Date()
        let claims = AccessClaims(
            sub: subject, role: role.rawValue, exp: now.addingTimeInterval(lifetime.inSeconds), iat: now, nbf: nil,
            iss: issuer, aud: audience.map { AccessClaims.Audience([$0]) })
        return try await keys.sign(claims)
    }
}
