public import Foundation
import JWTKit

/// Verifies bearer tokens (RFC 6750, RFC 7519).
public struct Authenticator: Sendable {
    private let keys: JWTKeyCollection
    private let issuer: String
    private let audience: String?
    private let now: @Sendable () -> Date

    /// How far ahead a token's clock may be, in seconds.
    private static let leeway: TimeInterval = 30

    /// - Parameters:
    ///   - configuration: the keys, and what a token must say.
    ///   - now: the time; a test may set it.
    /// - Throws: when the key set is not one.
    public init(_ configuration: AuthConfiguration, now: @escaping @Sendable () -> Date = { Date() }) async throws {
        let keys = JWTKeyCollection()
        for (index, secret) in configuration.secrets.enumerated() {
            await keys.add(
                hmac: HMACKey(from: secret), digestAlgorithm: .sha256, kid: JWKIdentifier(string: "secret-\(index)"))
        }
        if let jwks = configuration.jwks { try await keys.add(jwksJSON: jwks) }
        self.keys = keys
        self.issuer = configuration.issuer
        self.audience = configuration.audience
        self.now = now
    }

    /// Who an `Authorization` header speaks for.
    /// - Throws: ``Problem`` 401 with a `WWW-Authenticate` challenge, saying what does not hold.
    public func identity(authorization header: String?) async throws(Problem) -> Identity {
        guard let header else {
            throw .unauthorized(
                code: "authentication_required", detail: "send a bearer token in the Authorization header",
                challenge: #"Bearer realm="artesanos""#)
        }
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Self.refusal(
                error: "invalid_request", code: "authorization_malformed",
                detail: "the Authorization header is to be: Bearer, a space, the token")
        }
        let claims = try await claims(of: String(parts[1]))
        try check(claims)
        guard let role = Role(rawValue: claims.role) else {
            throw Self.invalid("the token's role is none of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard !claims.sub.isEmpty else { throw Self.invalid("the token has an empty subject") }
        return Identity(subject: claims.sub, role: role)
    }

    private func claims(of token: String) async throws(Problem) -> AccessClaims {
        do {
            return try await keys.verify(token, as: AccessClaims.self, iteratingKeys: true)
        } catch let error as JWTError where error.errorType == .malformedToken {
            throw Self.invalid("the token is malformed, or lacks one of the claims sub, role, exp")
        } catch {
            throw Self.invalid("the token's signature does not hold")
        }
    }

    private func check(_ claims: AccessClaims) throws(Problem) {
        let now = now()
        guard now < claims.exp else {
            throw Self.refusal(error: "invalid_token", code: "token_expired", detail: "the token has expired")
        }
        let latest = now.addingTimeInterval(Self.leeway)
        if let notBefore = claims.nbf, notBefore > latest { throw Self.invalid("the token is not valid yet") }
        if let issued = claims.iat, issued > latest { throw Self.invalid("the token was issued in the future") }
        guard claims.iss == issuer else { throw Self.invalid("the token is of another issuer") }
        if let audience, claims.aud?.values.contains(audience) != true {
            throw Self.invalid("the token is for another audience")
        }
    }

    private static func invalid(_ detail: String) -> Problem {
        refusal(error: "invalid_token", code: "token_invalid", detail: detail)
    }

    /// Source: RFC 6750, section 3.
    private static func refusal(error: String, code: String, detail: String) -> Problem {
        .unauthorized(
            code: code, detail: detail,
            challenge: #"Bearer realm="artesanos", error="\#(error)", error_description="\#(detail)""#)
    }
}
