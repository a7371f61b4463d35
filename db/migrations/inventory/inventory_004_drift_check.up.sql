-- What the last comparison of the stock's counters found, so that the gauges of all replicas say the same.
create table stock_drift_check (
    only_row   boolean     primary key default true check (only_row),
    products   bigint      not null check (products >= 0),   -- rows of stock_drift
    checked_at timestamptz not null default clock_timestamp()
);
