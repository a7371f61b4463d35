/// How access tokens are verified.
public struct AuthConfiguration: Sendable {
    /// Shared secrets for HS256, of 32 bytes at least. A token that any of them signed is accepted, so that secrets can
    /// be rolled; new tokens are signed with the first.
    public var secrets: [String]
    /// A token's `iss` must be this.
    public var issuer: String
    /// When set, a token's `aud` must have it.
    public var audience: String?
    /// A JSON Web Key Set with public keys (RS256, ES256, EdDSA …), each with a `kid`.
    public var jwks: String?

    public init(secrets: [String], issuer: String = "artesanos", audience: String? = nil, jwks: String? = nil) {
        self.secrets = secrets
        self.issuer = issuer
        self.audience = audience
        self.jwks = jwks
    }

    /// The fewest bytes of a secret: as many as HS256's hash has (RFC 7518, section 3.2).
    public static let minimumSecretBytes = 32
}
