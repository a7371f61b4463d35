-- The roles of one service's database, for production. Run as a superuser in that database, after each migration:
--
--   psql -d orders -v service=orders -f db/roles.sql
--
--   orders         the service and its migrations; owns the database. It adds and drops whole partitions of the ledger,
--                  but can neither change nor delete a row of it.
--   orders_relay   the relay: reads the ledger, writes its cursor and what no stream takes.
--   orders_ops     people and dashboards: reads everything, changes nothing.
--
-- The migrations are to be run as `orders`, so that it owns the tables. Passwords and certificates are set elsewhere
-- (`alter role … password …`, pg_hba.conf). Running this again changes nothing.

\set ON_ERROR_STOP on
\set relay :service _relay
\set ops :service _ops
begin;

select format('create role %I login', name)
from unnest(array[:'service', :'relay', :'ops']) as name
where not exists (select from pg_roles where rolname = name)
\gexec

select format('alter database %I owner to %I', current_database(), :'service')
\gexec
revoke all on database :"DBNAME" from public;
grant connect on database :"DBNAME" to :"relay", :"ops";
revoke all on schema public from public;
grant usage on schema public to :"relay", :"ops";

-- The ledger is append-only, for its owner too (who could grant it to himself again; this is against accidents).
revoke update, delete, truncate on outbox from :"service";

-- The relay. It may see who holds it up: pid, application and age of a transaction.
grant select on outbox, outbox_stall, outbox_partition, outbox_position_seq to :"relay";
grant select, insert, update on outbox_cursor to :"relay";
grant select, insert on dead_letter to :"relay";
grant pg_read_all_stats to :"relay";

-- People.
grant select on all tables in schema public to :"ops";
alter default privileges for role :"service" in schema public grant select on tables to :"ops";
grant pg_read_all_stats to :"ops";
alter role :"ops" set default_transaction_read_only = on;
alter role :"ops" set statement_timeout = '60s';

commit;
