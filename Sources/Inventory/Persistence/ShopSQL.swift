import Postgres

/// The statements of a shop's file: many products at once. All locks are taken in the order of the SKUs.
enum ShopSQL {
    static let lock: Statement = """
        select sku, artisan_id, title, description, price_minor, currency::text, active,
               (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        from product
        where sku = any($1::text[])
        order by sku
        for no key update
        """

    /// Gives the rows that it made: a product that somebody else makes at the same time is none of them.
    static let insert: Statement = """
        insert into product (sku, artisan_id, title, description, price_minor, currency, active, reservation_ttl)
        select sku, artisan_id, title, description, price_minor, currency, active, ttl * interval '1 microsecond'
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::boolean[],
                    $8::bigint[])
            as p (sku, artisan_id, title, description, price_minor, currency, active, ttl)
        order by sku collate "C"
        on conflict (sku) do nothing
        returning sku, artisan_id, title, description, price_minor, currency::text, active,
                  (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        """

    static let insertStock: Statement = "insert into stock (sku) select unnest($1::text[])"

    static let update: Statement = """
        update product as t
        set artisan_id = p.artisan_id, title = p.title, description = p.description, price_minor = p.price_minor,
            currency = p.currency, active = p.active, reservation_ttl = p.ttl * interval '1 microsecond',
            version = t.version + 1, updated_at = now()
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::boolean[],
                    $8::bigint[])
            as p (sku, artisan_id, title, description, price_minor, currency, active, ttl)
        where t.sku = p.sku
        returning t.sku, t.artisan_id, t.title, t.description, t.price_minor, t.currency::text, t.active,
                  (extract(epoch from t.reservation_ttl) * 1000000)::bigint, t.version, t.created_at, t.updated_at
        """

    /// One page of a shop with its shelf, behind a SKU.
    static let page: Statement = """
        select p.sku, p.artisan_id, p.title, p.description, p.price_minor, p.currency::text, p.active,
               (extract(epoch from p.reservation_ttl) * 1000000)::bigint, p.version, p.created_at, p.updated_at,
               s.on_hand, s.reserved, s.low_stock_threshold
        from product p
        join stock s on s.sku = p.sku
        where p.artisan_id = $1::text and ($2::text is null or p.sku > $2::text)
        order by p.sku
        limit $3::bigint
        """

    static let all = [lock, insert, insertStock, update, page]
}
