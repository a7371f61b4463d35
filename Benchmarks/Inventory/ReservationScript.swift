import Inventory
import Postgres

/// The transaction that reserves one piece for one order, for pgbench: the statements of the service, in its two round
/// trips. pgbench decides nothing in between, so it is what the database takes without a program's work.
enum ReservationScript {
    /// - Parameter products: how many there are; each order wants a piece of one of them, by chance.
    static func text(products: Int) -> String {
        let order = "array[lpad(to_hex(:id::bigint), 32, '0')::uuid]"
        let sku = "array['SKU-' || :p::bigint]"
        let soon = "array[now() + interval '15 minutes']"
        let load = [
            part(StockBookSQL.openOrders, order, order), part(StockBookSQL.lockOrders, order),
            part(StockBookSQL.lockStock, sku, order), part(StockBookSQL.reservations, order),
            part(StockBookSQL.clock),
        ]
        let write = [
            part(StockBookSQL.updateStock, sku, "array[0]", "array[1]", "array[0]", "array[false]"),
            part(
                StockBookSQL.insertReservations, order, order, order, "array[1]", "array['active']",
                "array[900000000]", soon, soon, "array[0]", "array[now()]", "array[null]", "array[null]"),
            part(StockBookSQL.insertLines, order, sku, "array[1]"),
            part(
                StockBookSQL.appendLedger, sku, "array['reserved']", "array[0]", "array[1]", "array['order']",
                "array['system']", "array[:id::bigint::text]"),
            part(
                StockBookSQL.scheduleExpiry, "'reservation.expire'", "array[:id::bigint::text]", soon,
                #"array['{"orderId":"00000000-0000-0000-0000-000000000000"}']"#),
            part(
                """
                insert into outbox (event_id, aggregate_type, aggregate_id, subject, event)
                values (gen_random_uuid(), 'order', :id::bigint::text, 'inventory.reserved.v1', $1::json)
                """, "'\(event)'"),
        ]
        return """
            \\set p random(1, \(products))
            \\set n :n + 1
            \\set id 1000000000000 * (1 + :client_id) + :n
            \\startpipeline
            begin;
            \(load.joined(separator: "\n"))
            \\endpipeline
            \\startpipeline
            \(write.joined(separator: "\n"))
            commit;
            \\endpipeline
            """
    }

    /// As long as those that the service writes.
    private static let event = """
        {"specversion":"1.0","id":"019ab3c4-0000-7000-8000-000000000000","source":"/artesanos/inventory",\
        "type":"inventory.reserved.v1","subject":"019ab3c4-0000-7000-8000-000000000001",\
        "time":"2026-11-23T09:30:10.000Z","datacontenttype":"application/json",\
        "data":{"orderId":"019ab3c4-0000-7000-8000-000000000001","sagaId":"019ab3c4-0000-7000-8000-000000000002",\
        "reservationId":"019ab3c4-0000-7000-8000-000000000003","lines":[{"sku":"SKU-1","quantity":1}],\
        "expiresAt":"2026-11-23T09:45:10.000Z"}}
        """

    /// A statement on one line, with expressions in place of its parameters.
    private static func part(_ statement: Statement, _ values: String...) -> String {
        let line = statement.sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        // From the last one on: $1 is also the beginning of $10.
        return values.enumerated().reversed().reduce(line) { text, value in
            text.replacing("$\(value.offset + 1)", with: value.element)
        } + ";"
    }
}
