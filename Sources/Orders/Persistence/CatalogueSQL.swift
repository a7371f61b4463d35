import Postgres

/// The statements of the catalogue's replica.
enum CatalogueSQL {
    /// What is older than the row, or as old, changes nothing. Sorted, so that two batches cannot wait for each other.
    static let store: Statement = """
        insert into catalogue_product (sku, artisan_id, title, price_minor, currency, active, version)
        select p.sku, p.artisan_id, p.title, p.price_minor, p.currency, p.active, p.version
        from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bool[], $7::bigint[])
            as p (sku, artisan_id, title, price_minor, currency, active, version)
        order by p.sku
        on conflict (sku) do update
        set artisan_id = excluded.artisan_id, title = excluded.title, price_minor = excluded.price_minor,
            currency = excluded.currency, active = excluded.active, version = excluded.version, updated_at = now()
        where catalogue_product.version < excluded.version
        returning sku
        """

    static let find: Statement = """
        select sku, artisan_id, title, price_minor, currency, active
        from catalogue_product
        where sku = any($1::text[])
        """

    static let all = [store, find]
}
