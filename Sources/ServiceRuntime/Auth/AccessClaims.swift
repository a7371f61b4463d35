import Foundation
import JWTKit

/// The claims of an access token.
struct AccessClaims: JWTPayload {
    /// Who.
    let sub: String
    /// One of ``Role``; checked after the signature, so that an unknown one is told as such.
    let role: String
    let exp: Date
    let iat: Date?
    let nbf: Date?
    let iss: String?
    let aud: Audience?

    /// Times and parties are checked by ``Authenticator``, which says what did not hold.
    func verify(using algorithm: some JWTAlgorithm) throws {}

    /// One audience or several: RFC 7519, section 4.1.3.
    struct Audience: Codable, Sendable {
        let values: [String]

        init(_ values: [String]) { self.values = values }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            values = try (try? [container.decode(String.self)]) ?? container.decode([String].self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if values.count == 1 {
                try container.encode(values[0])
            } else {
                try container.encode(values)
            }
        }
    }
}
