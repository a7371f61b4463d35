import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServiceRuntime

@testable import Inventory

/// The service's routes behind the real layers.
struct HTTPSetting: Sendable {
    let setting: Setting
    private let issuer: TokenIssuer
    private let authenticator: Authenticator

    init(_ configuration: InventoryConfiguration = InventoryConfiguration(), connections: Int = 10) async throws {
        setting = try await Setting(configuration, connections: connections)
        let secret = "a secret of the tests, of 32 bytes and more"
        issuer = await TokenIssuer(secret: secret)
        authenticator = try await Authenticator(AuthConfiguration(secrets: [secret]))
    }

    /// Runs the test against the routes.
    func run(_ test: @Sendable @escaping (HTTPClient) async throws -> Void) async throws {
        let layers = HTTPLayers(
            service: InventoryService.name, authenticator: authenticator, publicRoutes: InventoryService.publicRoutes)
        let router = layers.router { setting.service.addRoutes(to: $0) }
        let app = Application(router: router)
        try await app.test(.router) { client in
            try await test(HTTPClient(client: client, issuer: issuer))
        }
    }
}

/// Asks as somebody.
struct HTTPClient: Sendable {
    let client: any TestClientProtocol
    let issuer: TokenIssuer

    enum Caller: Sendable {
        case nobody
        case customer
        case artisan(String)
        case ops
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        func json<Value: Decodable>(_ type: Value.Type) throws -> Value { try AppJSON.decode(type, from: body) }
        /// The problem's code.
        var code: String? { (try? json(ProblemCode.self))?.code }
        /// The fields that are wrong.
        var fields: [String] { (try? json(ProblemCode.self))?.errors?.map(\.field) ?? [] }
        var etag: String? { headers[.eTag] }
    }

    private struct ProblemCode: Decodable {
        struct Field: Decodable { let field: String }
        let code: String
        let errors: [Field]?
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, as caller: Caller, _ body: String? = nil,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        let identity: (String, Role)? =
            switch caller {
            case .nobody: nil
            case .customer: ("carmen", .customer)
            case .artisan(let subject): (subject, .artisan)
            case .ops: ("olga", .ops)
            }
        if let (subject, role) = identity {
            headers[.authorization] = "Bearer \(try await issuer.token(subject: subject, role: role))"
        }
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(
                status: response.status.code, headers: response.headers, body: Array(response.body.readableBytesView))
        }
    }
}

/// A page of a list, as clients read it.
struct PageOf<Item: Decodable & Sendable>: Decodable, Sendable {
    let items: [Item]
    let nextCursor: String?
}
