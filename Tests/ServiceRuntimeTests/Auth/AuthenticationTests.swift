import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JWTKit
import ServiceRuntime
import Testing

@Suite struct AuthenticationTests {
    private struct Claims: JWTPayload {
        var sub: String? = "u-1"
        var role: String? = "customer"
        var exp: Double? = Date().timeIntervalSince1970 + 60
        var iat: Double?
        var nbf: Double?
        var iss: String? = "artesanos"
        var aud: [String]?

        func verify(using algorithm: some JWTAlgorithm) throws {}
    }

    private func sign(_ claims: Claims, secret: String = TestService.secret) async throws -> String {
        let keys = JWTKeyCollection()
        await keys.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        return try await keys.sign(claims)
    }

    private func routes(_ router: Router<AppRequestContext>) {
        router.get("/me") { _, context in try context.requireIdentity().subject }
        router.get("/stock") { _, context in try context.requireRole(.artisan, .ops).role.rawValue }
        router.get("/health/ready") { _, _ in "open" }
        router.get("/openapi.yaml") { _, _ in "open" }
        router.post("/webhooks/stripe") { _, _ in "open" }
        router.get("/products/{sku}") { _, context in context.identity == nil ? "open" : "known" }
        router.put("/products/{sku}") { _, _ in "" }
    }

    private func code(_ header: String?) async throws -> (status: HTTPResponse.Status, code: String, challenge: String)
    {
        let authenticator = try await TestService.authenticator()
        do {
            _ = try await authenticator.identity(authorization: header)
            return (.ok, "", "")
        } catch {
            return (error.status, error.code, error.headers[.wwwAuthenticate] ?? "")
        }
    }

    @Test func goodTokenNamesSubjectAndRole() async throws {
        let identity = try await TestService.authenticator()
            .identity(authorization: TestService.bearer("artisan-9", .artisan))
        #expect(identity == Identity(subject: "artisan-9", role: .artisan))
    }

    @Test func missingTokenIs401WithAChallenge() async throws {
        let (status, code, challenge) = try await code(nil)
        #expect(status == .unauthorized)
        #expect(code == "authentication_required")
        #expect(challenge == #"Bearer realm="artesanos""#)
    }

    @Test(arguments: ["Basic dTpw", "Bearer", "Bearer a b", "token"])
    func headerOfAnotherFormIsRefused(header: String) async throws {
        let (status, code, challenge) = try await code(header)
        #expect(status == .unauthorized)
        #expect(code == "authorization_malformed")
        #expect(challenge.contains(#"error="invalid_request""#))
    }

    @Test(arguments: ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
    func textThatIsNoTokenIsRefused(token: String) async throws {
        let (status, code, challenge) = try await code("Bearer \(token)")
        #expect(status == .unauthorized)
        #expect(code == "token_invalid")
        #expect(challenge.contains(#"error="invalid_token""#))
    }

    @Test func expiredTokenIsToldApart() async throws {
        let (status, code, challenge) = try await code(TestService.bearer(lifetime: .seconds(-1)))
        #expect(status == .unauthorized)
        #expect(code == "token_expired")
        #expect(challenge.contains(#"error="invalid_token""#) && challenge.contains("expired"))
    }

    @Test func tokenSignedWithAnotherSecretIsRefused() async throws {
        let token = try await TestService.bearer(secret: String(repeating: "z", count: 32))
        #expect(try await code(token).code == "token_invalid")
    }

    @Test func unsignedTokenIsRefused() async throws {
        func part(_ json: String) -> String {
            Data(json.utf8).base64EncodedString().replacing("=", with: "").replacing("+", with: "-")
                .replacing("/", with: "_")
        }
        let exp = Int(Date().timeIntervalSince1970) + 60
        let token =
            part(#"{"alg":"none"}"#) + "."
            + part(#"{"sub":"u","role":"ops","iss":"artesanos","exp":\#(exp)}"#) + "."
        #expect(try await code("Bearer \(token)").code == "token_invalid")
    }

    @Test func claimsThatDoNotHoldAreRefused() async throws {
        let now = Date().timeIntervalSince1970
        let bad: [Claims] = [
            Claims(sub: nil), Claims(sub: ""), Claims(role: nil), Claims(role: "admin"), Claims(exp: nil),
            Claims(iat: now + 3_600), Claims(nbf: now + 3_600), Claims(iss: nil), Claims(iss: "somebody"),
        ]
        for claims in bad {
            let (status, code, _) = try await code("Bearer \(try await sign(claims))")
            #expect(status == .unauthorized, "\(claims)")
            #expect(code == "token_invalid", "\(claims)")
        }
        #expect(try await code("Bearer \(try await sign(Claims(iat: now, nbf: now)))").status == .ok)
    }

    @Test func secretsAreRolledWithoutRefusingTokensOfTheOldOne() async throws {
        let (old, new) = (String(repeating: "o", count: 32), String(repeating: "n", count: 32))
        let authenticator = try await TestService.authenticator(secrets: [new, old])
        for secret in [old, new] {
            let header = try await TestService.bearer(secret: secret)
            #expect(try await authenticator.identity(authorization: header).subject == "customer-1")
        }
    }

    @Test func audienceIsCheckedWhenItIsConfigured() async throws {
        let authenticator = try await Authenticator(
            AuthConfiguration(secrets: [TestService.secret], audience: "shop"))
        let good = "Bearer \(try await sign(Claims(aud: ["other", "shop"])))"
        #expect(try await authenticator.identity(authorization: good).subject == "u-1")
        let issued = try await TokenIssuer(secret: TestService.secret, audience: "shop").token(
            subject: "u-2", role: .ops)
        #expect(try await authenticator.identity(authorization: "Bearer \(issued)").subject == "u-2")
        for claims in [Claims(), Claims(aud: ["other"]), Claims(aud: [])] {
            let header = "Bearer \(try await sign(claims))"
            await #expect(throws: Problem.self) { try await authenticator.identity(authorization: header) }
        }
    }

    @Test func publicKeysOfAKeySetAreAccepted() async throws {
        let key = ES256PrivateKey()
        let parameters = try #require(key.parameters)
        func url(_ text: String) -> String {
            text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        let jwks = """
            {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k1",
                       "x": "\(url(parameters.x))", "y": "\(url(parameters.y))"}]}
            """
        let authenticator = try await Authenticator(
            AuthConfiguration(secrets: [TestService.secret], jwks: jwks))
        let keys = JWTKeyCollection()
        await keys.add(ecdsa: key, kid: "k1")
        let header = "Bearer \(try await keys.sign(Claims(sub: "ec"), kid: "k1"))"
        #expect(try await authenticator.identity(authorization: header).subject == "ec")
        let hmac = try await TestService.bearer()
        #expect(try await authenticator.identity(authorization: hmac).subject == "customer-1")
    }

    @Test func wrongRoleIs403NamingTheRolesThatMay() async throws {
        try await TestService.test(routes) { client, token in
            try await client.execute(uri: "/me", method: .get, headers: token) { response in
                #expect(response.text == "customer-1")
            }
            try await client.execute(uri: "/stock", method: .get, headers: token) { response in
                #expect(response.status == .forbidden)
                let problem = try ProblemJSON(response)
                #expect(problem.code == "role_required")
                #expect(problem.requiredRoles == ["artisan", "ops"])
            }
            try await client.execute(uri: "/stock", method: .get) { response in
                #expect(response.status == .unauthorized)
                #expect(response.headers[.wwwAuthenticate] != nil)
            }
        }
    }

    @Test func publicRoutesNeedNoTokenAndNoOthersAreOpen() async throws {
        try await TestService.test(publicRoutes: ["GET /products/{sku}"], routes) { client, _ in
            for (method, path) in [
                (HTTPRequest.Method.get, "/health/ready"), (.get, "/openapi.yaml"), (.post, "/webhooks/stripe"),
                (.get, "/products/cuenco"), (.head, "/products/cuenco"),
            ] {
                try await client.execute(uri: path, method: method) { response in
                    #expect(response.status == .ok, "\(method) \(path)")
                }
            }
            // A bad token is not looked at where none is needed.
            try await client.execute(
                uri: "/health/ready", method: .get, headers: [.authorization: "Bearer x"]
            ) { response in #expect(response.status == .ok) }
            for (method, path) in [(HTTPRequest.Method.get, "/me"), (.put, "/products/cuenco")] {
                try await client.execute(uri: path, method: method) { response in
                    #expect(response.status == .unauthorized, "\(method) \(path)")
                }
            }
        }
    }

    @Test func ownersAndOperatorsPassAndOthersAreToldNothing() {
        #expect(throws: Never.self) { try Identity(subject: "a", role: .customer).requireOwner("a", of: "order") }
        #expect(throws: Never.self) { try Identity(subject: "o", role: .ops).requireOwner("a", of: "order") }
        #expect {
            try Identity(subject: "b", role: .customer).requireOwner("a", of: "order")
        } throws: { error in
            (error as? Problem)?.status == .notFound
        }
    }
}
