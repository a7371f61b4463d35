import Postgres

/// The catalogue's statements. All that read give the same columns.
enum ProductSQL {
    static let find: Statement = """
        select sku, artisan_id, title, description, price_minor, currency::text, active,
               (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        from product
        where sku = $1::text
        """

    static let lock: Statement = """
        select sku, artisan_id, title, description, price_minor, currency::text, active,
               (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        from product
        where sku = $1::text
        for no key update
        """

    /// No row when somebody else made it in the meantime.
    static let insert: Statement = """
        insert into product (sku, artisan_id, title, description, price_minor, currency, active, reservation_ttl)
        values ($1::text, $2::text, $3::text, $4::text, $5::bigint, $6::text, $7::boolean,
                $8::bigint * interval '1 microsecond')
        on conflict (sku) do nothing
        returning sku, artisan_id, title, description, price_minor, currency::text, active,
                  (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        """

    /// An empty shelf for a new product.
    static let insertStock: Statement = "insert into stock (sku) values ($1::text)"

    static let update: Statement = """
        update product
        set artisan_id = $2::text, title = $3::text, description = $4::text, price_minor = $5::bigint,
            currency = $6::text, active = $7::boolean, reservation_ttl = $8::bigint * interval '1 microsecond',
            version = version + 1, updated_at = now()
        where sku = $1::text
        returning sku, artisan_id, title, description, price_minor, currency::text, active,
                  (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        """

    /// One page, by SKU. `$1` behind which SKU, `$2` words in title, description or SKU as a LIKE pattern, `$3` artisan,
    /// `$4` active or not; `$5`: what is withdrawn is shown too, of all artisans or (`$6`) of one.
    static let list: Statement = """
        select sku, artisan_id, title, description, price_minor, currency::text, active,
               (extract(epoch from reservation_ttl) * 1000000)::bigint, version, created_at, updated_at
        from product
        where ($1::text is null or sku > $1::text)
          and ($2::text is null or title ilike $2::text or description ilike $2::text or sku ilike $2::text)
          and ($3::text is null or artisan_id = $3::text)
          and ($4::boolean is null or active = $4::boolean)
          and (active or $5::boolean or artisan_id = $6::text)
        order by sku
        limit $7::bigint
        """

    static let all = [find, lock, insert, insertStock, update, list]
}
