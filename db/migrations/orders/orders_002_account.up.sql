-- One row an order, as `artesanos verify` holds it beside its payment and its stock.
create view order_account as
    select o.id as order_id, o.status, o.reason, o.total_minor, o.currency::text as currency, s.state as saga_state,
           s.settled_at, l.skus, l.quantities
    from orders o
    left join saga s on s.order_id = o.id
    cross join lateral (
        select array_agg(l.sku order by l.sku collate "C") as skus,
               array_agg(l.quantity::bigint order by l.sku collate "C") as quantities
        from order_line l
        where l.order_id = o.id
    ) l;

-- Must return no rows: an order and its saga are written in one transaction.
create view saga_contradiction as
    select o.id as order_id, o.status, o.reason, s.id as saga_id, s.state, s.settled_at
    from orders o
    left join saga s on s.order_id = o.id
    where s.id is null
       or (o.status = 'PENDING') <> (s.state in ('STARTED', 'STOCK_RESERVED', 'PAYMENT_PENDING'))
       or (o.status = 'CONFIRMED') <> (s.state = 'COMPLETED');

-- Must return no rows: each step of a saga is in its history, numbered from 1.
create view saga_history_gap as
    select s.order_id, s.id as saga_id, s.seq, count(h.seq) as steps
    from saga s
    left join saga_history h on h.saga_id = s.id
    group by s.id
    having count(h.seq) <> s.seq;
