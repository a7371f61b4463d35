import Inventory
import Postgres

/// The transaction that reserves pieces for orders, for pgbench: the statements of the service, in its two round trips.
/// pgbench decides nothing in between, so it is what the database takes without a program's work.
struct ReservationScript {
    /// How many products there are; each line wants a piece of one of them, by chance.
    let products: Int
    /// Different products of one order.
    var lines = 1
    /// Orders of one transaction. Of more than one, an inbox row each is written too, as when they come from a stream.
    var orders = 1

    var text: String {
        let order = perOrder("lpad(to_hex(:id::bigint + {o}), 32, '0')::uuid")
        let sku = perLine("'SKU-' || (1 + (:p::bigint + {o} * 97 + {l} * 3331) % \(products))")
        let soon = perOrder("now() + interval '15 minutes'")
        let key = perOrder("(:id::bigint + {o})::text")
        let load = [
            Self.part(StockBookSQL.openOrders, order, order), Self.part(StockBookSQL.lockOrders, order),
            Self.part(StockBookSQL.reservations, order), Self.part(StockBookSQL.lockStock, sku, order),
            Self.part(StockBookSQL.clock),
        ]
        // The service sums up what a product loses in one transaction.
        let isSummed = products == 1
        func stock(_ value: String) -> String { isSummed ? "array[\(value)]" : perLine(value) }
        let write = [
            Self.part(
                StockBookSQL.updateStock, isSummed ? "array['SKU-1']" : sku, stock("0"),
                stock(isSummed ? "\(orders)" : "1"), stock("0"), stock("false")),
            Self.part(
                StockBookSQL.insertReservations, order, order, order, perOrder("1"), perOrder("'active'"),
                perOrder("900000000"), soon, soon, perOrder("0"), perOrder("now()"),
                perOrder("null::timestamptz"), perOrder("null::text")),
            Self.part(
                StockBookSQL.insertLines, perLine("lpad(to_hex(:id::bigint + {o}), 32, '0')::uuid"), sku, perLine("1")),
            Self.part(
                StockBookSQL.appendLedger, sku, perLine("'reserved'"), perLine("0"), perLine("1"), perLine("'order'"),
                perLine("'system'"), perLine("(:id::bigint + {o})::text")),
            Self.part(
                StockBookSQL.scheduleExpiry, "'reservation.expire'", key, soon,
                perOrder(#"'{"orderId":"00000000-0000-0000-0000-000000000000"}'"#)),
            Self.part(
                """
                insert into outbox (event_id, aggregate_type, aggregate_id, subject, event)
                select gen_random_uuid(), 'order', :id::bigint::text, 'inventory.reserved.v1', $1::json
                from generate_series(1, $2::integer)
                """, "'\(Self.event)'", "\(orders)"),
        ]
        return """
            \\set p random(1, \(products))
            \\set n :n + 1
            \\set id 1000000000000 * (1 + :client_id) + :n * \(orders)
            \\startpipeline
            begin;
            \(((orders > 1 ? [inbox] : []) + load).joined(separator: "\n"))
            \\endpipeline
            \\startpipeline
            \(write.joined(separator: "\n"))
            commit;
            \\endpipeline
            """
    }

    /// An array with a value for each order; `{o}` in it is the order's number.
    private func perOrder(_ value: String) -> String {
        guard orders > 1 else { return "array[\(value.replacing("{o}", with: "0"))]" }
        return "array(select \(value.replacing("{o}", with: "o")) from generate_series(0, \(orders - 1)) o order by o)"
    }

    /// An array with a value for each line of each order; `{l}` in it is the line's number.
    private func perLine(_ value: String) -> String {
        guard orders > 1 else {
            let values = (0..<lines).map { value.replacing("{o}", with: "0").replacing("{l}", with: "\($0)") }
            return "array[\(values.joined(separator: ", "))]"
        }
        return """
            array(select \(value.replacing("{o}", with: "o").replacing("{l}", with: "l")) \
            from generate_series(0, \(orders - 1)) o, generate_series(0, \(lines - 1)) l order by o, l)
            """
    }

    /// Ids of this moment: the inbox has partitions by the time in them.
    private var inbox: String {
        """
        insert into inbox (consumer, event_id) \
        select 'inventory-orders', (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') \
        || '7000' || lpad(to_hex(:id::bigint + o), 16, '0'))::uuid from generate_series(0, \(orders - 1)) o \
        on conflict (consumer, event_id) do nothing returning event_id;
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
