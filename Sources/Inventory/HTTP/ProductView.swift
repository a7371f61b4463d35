import Contracts
import Foundation
import Hummingbird
import ServiceRuntime

/// A product as clients see it.
struct ProductView: Codable, Sendable, Hashable {
    let sku: String
    let artisanId: String
    let title: String
    let description: String
    let price: Money
    let active: Bool
    /// Absent when the service's default holds.
    let reservationTTLSeconds: Int64?
    let version: Int64
    let createdAt: Date
    let updatedAt: Date

    init(_ product: Product) {
        sku = product.sku
        artisanId = product.artisanID
        title = product.title
        description = product.description
        price = product.price
        active = product.isActive
        reservationTTLSeconds = product.reservationTTL?.components.seconds
        version = product.version
        createdAt = product.createdAt
        updatedAt = product.updatedAt
    }

    func response(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) throws -> Response {
        var headers = headers
        headers[.eTag] = ETag(version: version).description
        return try .json(self, status: status, headers: headers)
    }
}

/// The body of `PUT /products/{sku}`: all that is not there is back at its default.
struct ProductBody: Decodable, Sendable {
    /// Artisans may leave it out: it is theirs.
    let artisanId: String?
    let title: String
    let description: String?
    let price: Money
    let active: Bool?
    let reservationTTLSeconds: Int64?

    func draft(by identity: Identity) throws(Problem) -> ProductDraft {
        guard let artisanID = artisanId ?? (identity.role == .artisan ? identity.subject : nil) else {
            throw .validation("artisanId", code: "missing", "is missing: say whose product it is")
        }
        return ProductDraft(
            artisanID: artisanID, title: title, description: description ?? "", price: price,
            isActive: active ?? true, reservationTTL: reservationTTLSeconds.map { .seconds($0) })
    }
}

/// The body of `PATCH /products/{sku}`: what is there is changed; null takes the product's own hold away.
/// Source: RFC 7396.
struct ProductPatch: Decodable, Sendable {
    let artisanId: String?
    let title: String?
    let description: String?
    let price: Money?
    let active: Bool?
    /// Outer nil: not there. Inner nil: null.
    let reservationTTLSeconds: Int64??

    private enum CodingKeys: String, CodingKey {
        case artisanId, title, description, price, active, reservationTTLSeconds
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ type: Value.Type, _ key: CodingKeys) throws -> Value? {
            container.contains(key) ? try container.decode(type, forKey: key) : nil
        }
        artisanId = try value(String.self, .artisanId)
        title = try value(String.self, .title)
        description = try value(String.self, .description)
        price = try value(Money.self, .price)
        active = try value(Bool.self, .active)
        reservationTTLSeconds =
            container.contains(.reservationTTLSeconds)
            ? .some(try container.decodeIfPresent(Int64.self, forKey: .reservationTTLSeconds)) : .none
    }

    func apply(to draft: inout ProductDraft) {
        if let artisanId { draft.artisanID = artisanId }
        if let title { draft.title = title }
        if let description { draft.description = description }
        if let price { draft.price = price }
        if let active { draft.isActive = active }
        if let seconds = reservationTTLSeconds { draft.reservationTTL = seconds.map { .seconds($0) } }
    }
}
