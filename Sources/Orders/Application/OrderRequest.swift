import Crypto
import Foundation
import Outbox
import ServiceRuntime

/// The body of `POST /orders`, as a client sends it.
struct OrderRequest: Decodable, Sendable {
    struct Line: Decodable, Sendable {
        let sku: String
        let quantity: Int
    }

    let lines: [Line]
    /// Stripe's payment method for the server to confirm with; nil when the customer confirms.
    let paymentMethod: String?
}

/// What is ordered, once it makes sense: one line a product, in the order in which the products were named first.
struct OrderedLines: Codable, Sendable, Hashable {
    struct Line: Codable, Sendable, Hashable {
        let sku: String
        var quantity: Int
        /// Where in the request the product was named first.
        let index: Int
    }

    /// How many lines an order may have.
    static let maxLines = 50
    /// How many pieces of one product.
    static let quantities = 1...999
    private static let maxSKULength = 64

    let lines: [Line]
    let paymentMethod: String?

    /// - Throws: ``Problem`` 422 `validation_failed`, naming each field that is wrong.
    init(_ request: OrderRequest) throws(Problem) {
        var errors: [FieldError] = []
        if request.lines.isEmpty || request.lines.count > Self.maxLines {
            errors.append(
                FieldError(field: "lines", code: "range", message: "must have 1 to \(Self.maxLines) lines"))
        }
        var lines: [Line] = []
        for (index, line) in request.lines.prefix(Self.maxLines).enumerated() {
            errors += Self.errors(of: line, at: index)
            guard errors.isEmpty else { continue }
            if let known = lines.firstIndex(where: { $0.sku == line.sku }) {
                lines[known].quantity += line.quantity
                if !Self.quantities.contains(lines[known].quantity) {
                    errors.append(Self.quantityError(index, "with the other lines of this product "))
                }
            } else {
                lines.append(Line(sku: line.sku, quantity: line.quantity, index: index))
            }
        }
        if let method = request.paymentMethod, !Self.isPaymentMethod(method) {
            errors.append(
                FieldError(
                    field: "paymentMethod", code: "invalid",
                    message: "must be the id of a payment method, such as pm_card_visa"))
        }
        guard errors.isEmpty else { throw .validation(errors) }
        self.lines = lines
        self.paymentMethod = request.paymentMethod
    }

    private static func errors(of line: OrderRequest.Line, at index: Int) -> [FieldError] {
        var errors: [FieldError] = []
        if line.sku.isEmpty || line.sku.utf8.count > maxSKULength || line.sku.utf8.contains(0) {
            errors.append(
                FieldError(
                    field: "lines[\(index)].sku", code: "invalid", message: "must have 1 to \(maxSKULength) characters")
            )
        }
        if !quantities.contains(line.quantity) { errors.append(quantityError(index, "")) }
        return errors
    }

    private static func quantityError(_ index: Int, _ addition: String) -> FieldError {
        FieldError(
            field: "lines[\(index)].quantity", code: "range",
            message: "must \(addition)be from \(quantities.lowerBound) to \(quantities.upperBound)")
    }

    private static func isPaymentMethod(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// Two requests that order the same have the same hash, however their JSON is written.
    func hash() throws -> [UInt8] {
        struct Canonical: Encodable {
            let lines: [String: Int]
            let paymentMethod: String?
        }
        let canonical = Canonical(
            lines: Dictionary(uniqueKeysWithValues: lines.map { ($0.sku, $0.quantity) }), paymentMethod: paymentMethod)
        return Array(SHA256.hash(data: try WireJSON.encode(canonical)))
    }
}
