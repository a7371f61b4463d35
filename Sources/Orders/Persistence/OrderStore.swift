import Contracts
import Foundation
import Postgres

/// Reads orders.
struct OrderStore: Sendable {
    /// The pool, or a transaction whose moment all is to be of.
    let database: any PostgresExecutor

    /// The order with its lines; nil when there is none.
    func find(_ id: UUID) async throws -> OrderRecord? {
        let results = try await database.pipeline([OrderSQL.find.bind(id), OrderSQL.lines.bind(id)])
        guard let row = results[0].first else { return nil }
        let currency = try row.get(6, as: String.self)
        let lines = try results[1].map { line in
            OrderRecord.Line(
                sku: try line.get(0), title: try line.get(1), quantity: try line.get(2),
                unitPrice: Money(amount: try line.get(3), currency: currency))
        }
        return OrderRecord(
            id: try row.get(0), sagaID: try row.get(1), customerID: try row.get(2), status: try row.named(3),
            step: try row.named(4), reason: try row.get(5), total: Money(amount: try row.get(7), currency: currency),
            lines: lines, isPaidByServer: try row.get(8, as: String?.self) != nil, createdAt: try row.get(9),
            updatedAt: try row.get(10))
    }

    /// Whose order it is; nil when there is none.
    func owner(of id: UUID) async throws -> String? {
        try await database.query(OrderSQL.owner.bind(id)).first?.get(0)
    }

    /// Which orders to list.
    struct Filter: Sendable {
        /// Nil: of all customers.
        var customerID: String?
        /// Nil: of every status.
        var statuses: [OrderStatus]?
        /// Placed at this time or later.
        var from: Date?
        /// Placed before this time.
        var to: Date?
    }

    /// Orders without their lines, newest first.
    /// - Parameters:
    ///   - cursor: only those placed before this one.
    ///   - limit: how many at most.
    func list(_ filter: Filter, before cursor: UUID?, limit: Int) async throws -> [OrderRecord] {
        let statuses = filter.statuses.map { $0.map(\.rawValue) }
        let statement =
            if let customer = filter.customerID {
                OrderSQL.listOfCustomer.bind(customer, statuses, filter.from, filter.to, cursor, limit)
            } else {
                OrderSQL.listOfAll.bind(statuses, filter.from, filter.to, cursor, limit)
            }
        return try await database.query(statement).map { row in
            OrderRecord(
                id: try row.get(0), sagaID: try row.get(1), customerID: try row.get(2), status: try row.named(3),
                step: try row.named(4), reason: try row.get(5),
                total: Money(amount: try row.get(7), currency: try row.get(6)), lines: nil, isPaidByServer: false,
                createdAt: try row.get(8), updatedAt: try row.get(9))
        }
    }
}
