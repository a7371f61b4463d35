-- One row a reservation with its lines, as `artesanos verify` holds it beside its order.
create view stock_account as
    select r.order_id, r.id as reservation_id, r.attempt, r.status, r.reason, r.expires_at, l.skus, l.quantities
    from reservation r
    cross join lateral (
        select array_agg(l.sku order by l.sku) as skus, array_agg(l.quantity order by l.sku) as quantities
        from reservation_line l
        where l.reservation_id = r.id
    ) l;

-- Must return no rows: what the book says of each reservation, beside what became of it. An active one holds its pieces,
-- a committed one took them off the shelf, and any other left nothing behind.
create view reservation_drift as
    select r.order_id, r.id as reservation_id, r.status, l.sku, l.quantity,
           coalesce(g.on_hand, 0) as ledger_on_hand, coalesce(g.reserved, 0) as ledger_reserved
    from reservation r
    join reservation_line l on l.reservation_id = r.id
    left join (
        select reference, sku, sum(delta_on_hand)::bigint as on_hand, sum(delta_reserved)::bigint as reserved
        from stock_ledger
        where kind <> 'adjusted'
        group by reference, sku
    ) g on g.reference = r.id::text and g.sku = l.sku
    where coalesce(g.reserved, 0) <> case when r.status = 'active' then l.quantity else 0 end
       or coalesce(g.on_hand, 0) <> case when r.status = 'committed' then -l.quantity else 0 end;
