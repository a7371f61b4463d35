import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServiceRuntime

@testable import Orders

/// The service's routes behind the real layers.
struct HTTPSetting: Sendable {
    let setting: Setting
    private let issuer: TokenIssuer
    private let authenticator: Authenticator

    init(_ configuration: OrdersConfiguration = OrdersConfiguration()) async throws {
        setting = try await Setting(configuration)
        let secret = "a secret of the tests, of 32 bytes and more"
        issuer = await TokenIssuer(secret: secret)
        authenticator = try await Authenticator(AuthConfiguration(secrets: [secret]))
    }

    /// Runs the test against the routes: without sockets, or over one of its own.
    func run(live: Bool = false, _ test: @Sendable @escaping (HTTPClient) async throws -> Void) async throws {
        let layers = HTTPLayers(service: OrdersService.name, authenticator: authenticator)
        let router = layers.router { setting.service.addRoutes(to: $0) }
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: .quiet)
        try await app.test(live ? .live : .router) { client in
            try await test(HTTPClient(client: client, issuer: issuer))
        }
    }
}

/// Asks as somebody.
struct HTTPClient: Sendable {
    let client: any TestClientProtocol
    let issuer: TokenIssuer

    enum Caller: Sendable, CaseIterable {
        case nobody, ana, berta, artisan, ops

        var identity: (subject: String, role: Role)? {
            switch self {
            case .nobody: nil
            case .ana: ("ana", .customer)
            case .berta: ("berta", .customer)
            case .artisan: ("luis", .artisan)
            case .ops: ("olga", .ops)
            }
        }
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        func json<Value: Decodable>(_ type: Value.Type) throws -> Value { try AppJSON.decode(type, from: body) }
        var text: String { String(decoding: body, as: UTF8.self) }
        /// The problem's code.
        var code: String? { (try? json(ProblemCode.self))?.code }
        /// The fields that are wrong.
        var fields: [String] { (try? json(ProblemCode.self))?.errors?.map(\.field) ?? [] }
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
        if let (subject, role) = caller.identity {
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

    /// Places an order of two bowls.
    func place(
        _ body: String = #"{"lines":[{"sku":"bowl","quantity":2}]}"#, as caller: Caller = .ana,
        key: String? = UUID().uuidString, query: String = "", headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        headers[.idempotencyKey] = key
        return try await send(.post, "/orders\(query)", as: caller, body, headers: headers)
    }
}

/// An order, as clients read it.
struct OrderBody: Decodable, Sendable {
    struct Amount: Decodable, Sendable, Equatable {
        let amount: Int
        let currency: String
    }
    struct Line: Decodable, Sendable {
        let sku: String
        let title: String
        let quantity: Int
        let unitPrice: Amount
        let total: Amount
    }

    let orderId: UUID
    let sagaId: UUID
    let status: String
    let sagaState: String
    let reason: String?
    let total: Amount
    let lines: [Line]?
    let links: [String: String]
}
