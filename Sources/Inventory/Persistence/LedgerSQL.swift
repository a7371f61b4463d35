import Postgres

/// Reading the ledger and the shelf.
enum LedgerSQL {
    /// Newest first, behind an id.
    static let page: Statement = """
        select id, sku, kind, delta_on_hand, delta_reserved, reason, actor, reference, at
        from stock_ledger
        where sku = $1::text and ($2::bigint is null or id < $2::bigint)
          and ($3::text is null or kind = $3::text)
        order by id desc
        limit $4::bigint
        """

    static let stock: Statement = """
        select s.sku, p.artisan_id, s.on_hand, s.reserved, s.low_stock_threshold, s.low_stock_alerted, s.updated_at
        from stock s
        join product p on p.sku = s.sku
        where s.sku = $1::text
        """

    static let all = [page, stock]
}
