import Foundation
import Hummingbird
import Outbox
import ServiceRuntime

extension OrderStore.Filter {
    /// Reads `?status=PENDING,CONFIRMED&from=…&to=…`, and for operators `?customer=…`. Customers see their own only.
    /// - Throws: ``Problem`` 400 `invalid_parameter`.
    init(_ request: Request, for identity: Identity) throws(Problem) {
        let query = request.uri.queryParameters
        customerID = identity.role == .ops ? query["customer"].map { String($0) } : identity.subject
        statuses = try query["status"].map { text throws(Problem) in try Self.statuses(String(text)) }
        from = try query["from"].map { text throws(Problem) in try Self.date(String(text), "from") }
        to = try query["to"].map { text throws(Problem) in try Self.date(String(text), "to") }
        if let from, let to, from >= to { throw .invalidParameter("to", expected: "a time after from") }
    }

    private static func statuses(_ text: String) throws(Problem) -> [OrderStatus] {
        var statuses: [OrderStatus] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let status = OrderStatus(rawValue: part.uppercased()) else {
                let all = OrderStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidParameter("status", expected: "one or more of \(all), comma-separated")
            }
            statuses.append(status)
        }
        return statuses
    }

    private static func date(_ text: String, _ name: String) throws(Problem) -> Date {
        // A plus sign in a query is a space to some clients: "+02:00" then comes as " 02:00".
        guard let date = WireJSON.date(text.replacing(" ", with: "+")) else {
            throw .invalidParameter(name, expected: "a date and time such as 2026-11-23T21:40:00Z")
        }
        return date
    }
}
